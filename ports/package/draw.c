// Prints ten digits as text.
#include "picovae.h"

int putchar(int c);  // of stdio.h, or yours if there is no C library
int puts(const char* text);

static picovae_vae vae;              // pointers into the model
static picovae_decoder_arena arena;  // all the RAM that a digit takes
static uint8_t pixels[PICOVAE_PIXELS];

static void draw(void) {
  for (int i = 0; i < PICOVAE_PIXELS; ++i) {
    putchar(" .:-=+*#%@"[pixels[i] * 10 / 256]);
    if ((i + 1) % PICOVAE_MODEL_COLUMNS == 0) putchar('\n');
  }
}

#if defined(ESP_PLATFORM)
#define main app_main
void app_main(void);
void
#else
int
#endif
main(void) {
  picovae_status status =
      picovae_open(&vae, picovae_model, PICOVAE_MODEL_SIZE, picovae_kernels_board());
  if (status == PICOVAE_OK) status = picovae_verify(&vae);
  for (uint32_t number = 0; status == PICOVAE_OK && number < 10; ++number) {
    status = picovae_generate(&vae, /*seed=*/1, number, pixels, &arena);
    if (status == PICOVAE_OK) draw();
  }
  puts(picovae_message(status));
#if !defined(ESP_PLATFORM)
  return status;
#endif
}
