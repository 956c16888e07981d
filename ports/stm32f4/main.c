// Draws digit after digit over the serial line of usart.h, from a decoder in flash. Each is
// followed by the CRC-32C of all digits so far: after 1,000 digits of seed 1 it is the model's
// signature.
#include <stddef.h>
#include <stdint.h>

#include "digits.h"
#include "picovae/picovae.h"
#include "usart.h"

enum { kSide = 28 };
#if PICOVAE_PIXELS != 28 * 28
#error "draw() is for pictures of 28 x 28"
#endif

static picovae_vae vae;
static picovae_decoder_arena arena;
static uint8_t pixels[PICOVAE_PIXELS];

// A character for two pixels, one above the other: about square on a terminal.
static void draw(void) {
  char line[kSide + 2] = {0};
  line[kSide] = '\n';
  for (const uint8_t* row = pixels; row < pixels + PICOVAE_PIXELS; row += 2 * kSide) {
    for (int x = 0; x < kSide; ++x) {
      const uint32_t mean = (row[x] + row[x + kSide] + 1u) / 2;
      line[x] = " .:-=+*#%@"[mean * 10 / 256];
    }
    write_text(line);
  }
}

static uint32_t crc32c(uint32_t crc, const uint8_t* bytes, size_t size) {
  crc = ~crc;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

static picovae_status run(void) {
  picovae_status status = picovae_open(&vae, digits, DIGITS_SIZE, picovae_kernels_board());
  uint32_t crc = 0;
  for (uint32_t number = 0; status == PICOVAE_OK; number = (number + 1) % 1000) {
    status = picovae_generate(&vae, /*seed=*/1, number, pixels, &arena);
    if (status != PICOVAE_OK) break;
    crc = crc32c(number == 0 ? 0 : crc, pixels, sizeof(pixels));
    write_line("digit ", number, 10);
    draw();
    write_line("crc32c ", crc, 16);
  }
  return status;
}

int main(void) {
  open_usart();
  const picovae_status status = run();  // returns only if something is wrong
  write_text("failed: ");
  write_text(picovae_message(status));
  write_text("\n");
  for (;;) continue;
}
