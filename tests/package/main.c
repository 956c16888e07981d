#include <stdio.h>

#include "picovae/picovae.h"

int main(void) {
  static picovae_vae vae;
  static picovae_decoder_arena arena;
  static uint8_t pixels[PICOVAE_PIXELS];
  if (picovae_open(&vae, NULL, 0, picovae_kernels_host()) != PICOVAE_TRUNCATED) return 1;
  if (picovae_generate(&vae, 1, 0, pixels, &arena) != PICOVAE_NOT_OPEN) return 1;
  puts(picovae_message(PICOVAE_NOT_OPEN));
  return 0;
}
