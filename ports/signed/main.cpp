// Firmware: opens the model in a slot of flash if it is signed, and draws a digit; else says so.
// run.py puts models into the slot, reads the lines of `key value`, and knows the exit codes.
#include <array>
#include <cstddef>
#include <cstdint>

#include "measure.hpp"
#include "picovae/picovae.h"
#include "port.hpp"
#include "signed_model.h"
#include "write.hpp"

extern "C" const std::uint8_t model_slot[];  // the linker's options say where

namespace {

namespace port = picovae::port;

picovae_vae vae;
picovae_decoder_arena arena;
std::array<std::uint8_t, PICOVAE_PIXELS> pixels;

constexpr int kRefused = 3;

// A character for two pixels, one above the other: as `picovae generate --ascii` draws.
void draw() {
  constexpr std::size_t kSide = 28;
  static_assert(PICOVAE_PIXELS == kSide * kSide);
  for (std::size_t row = 0; row < kSide; row += 2) {
    std::array<char, kSide + 2> line{};
    for (std::size_t x = 0; x < kSide; ++x) {
      const std::uint32_t sum = pixels[row * kSide + x] + pixels[(row + 1) * kSide + x];
      line[x] = " .:-=+*#%@"[(sum + 1) / 2 * 10 / 256];
    }
    line[kSide] = '\n';
    port::write(line.data());
  }
}

// What the engine's own checks say of the slot, which find accidents.
picovae_status unsigned_status() {
  picovae_vae any{};
  const picovae_status status = picovae_open(&any, model_slot, kSlotSize, picovae_kernels_board());
  return status == PICOVAE_OK ? picovae_verify(&any) : status;
}

}  // namespace

int picovae_program() {
  const std::uint32_t before = port::ticks();
  const picovae_status status = open_signed(&vae, model_slot);
  port::write_decimal("signature_instructions ", port::ticks() - before);
  port::write_decimal("signature_stack ", port::memory().stack_used);
  if (status == PICOVAE_NOT_OPEN) {
    port::write_decimal("unsigned_status ", static_cast<std::uint32_t>(unsigned_status()));
    port::write("refused: the signature is not ours\n");
    return kRefused;
  }
  port::stop_unless_ok(static_cast<picovae::Status>(status));
  port::stop_unless_ok(static_cast<picovae::Status>(
      picovae_generate(&vae, /*seed=*/1, /*number=*/0, pixels.data(), &arena)));
  draw();
  return 0;
}
