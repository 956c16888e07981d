// Firmware: the model and the caller's pixels at each offset from 0 to 63 from a multiple of 64.
// Each gives the right result or a Status, never a fault, which would end the run.
//   ports/run.sh --program tests/ports/misaligned.cpp [BOARD...]
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "picovae/crc32c.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace picovae {
namespace {

using BoardShape = Shape<PICOVAE_SHAPE>;
using BoardVae = Vae<BoardShape, Integer>;
using BothArena = Arena<BoardShape, Integer>;
using BoardArena =
    std::conditional_t<PICOVAE_ENCODER, BothArena, DecoderArena<BoardShape, Integer>>;

constexpr std::size_t kBeginning = 4096;  // of the model: header, table and more
constexpr std::size_t kPixels = BoardShape::kPixels;

alignas(kBlobAlignment) std::array<std::byte, kBeginning + kBlobAlignment> copy;
alignas(kBlobAlignment) std::array<std::uint8_t, kPixels + kBlobAlignment> room;
std::array<std::int16_t, BoardShape::kLatent> mu, logvar;
BoardArena arena;

bool failed = false;

void expect(bool right, const char* what, std::size_t shift) {
  if (right) return;
  failed = true;
  port::write(what);
  port::write_decimal(" is wrong at address ", static_cast<std::uint32_t>(shift));
}

// ARMv6-M (M0, M0+) faults at every unaligned access. The core that runs its code under emulation
// does so only with CCR.UNALIGN_TRP. qemu's RISC-V cannot be told to.
void forbid_unaligned_accesses() {
#if defined(__arm__) && !defined(__ARM_FEATURE_UNALIGNED)
  auto* ccr = reinterpret_cast<volatile std::uint32_t*>(0xe000ed14);
  *ccr = *ccr | 1U << 3;
  asm volatile("dsb\n\tisb" ::: "memory");
#endif
}

void check_model(std::size_t shift) {
  const auto model = port::model();
  BoardVae vae;
  const Status in_flash = vae.open(model.subspan(shift), PICOVAE_KERNELS);
  expect(in_flash == (shift == 0 ? Status::kOk : Status::kMisaligned), "open in flash", shift);
  expect(vae.is_open() == (shift == 0), "is_open", shift);

  const auto moved = std::span(copy).subspan(shift, kBeginning);
  for (std::size_t i = 0; i < kBeginning; ++i) moved[i] = model[i];
  const Status in_ram = vae.open(moved, PICOVAE_KERNELS);
  expect(in_ram == (shift == 0 ? Status::kTruncated : Status::kMisaligned), "open in RAM", shift);
  expect(crc32c(moved) == crc32c(model.first(kBeginning)), "crc32c", shift);
}

std::uint32_t crc_of(std::span<const std::uint8_t> pixels) { return crc32c(std::as_bytes(pixels)); }

std::uint32_t crc_of_posterior() {
  return crc32c(std::as_bytes(std::span(logvar)), crc32c(std::as_bytes(std::span(mu))));
}

// A digit and, with an encoder, its posterior and its reconstruction.
template <typename AnyArena>
std::array<std::uint32_t, 3> results(const BoardVae& vae, AnyArena& any, std::size_t shift) {
  std::array<std::uint32_t, 3> crcs{};
  std::uint8_t* pixels = room.data() + shift;
  const auto shown = std::span<const std::uint8_t>(pixels, kPixels);
  expect(vae.generate(1, 7, pixels, decoder_of(any)) == Status::kOk, "generate", shift);
  crcs[0] = crc_of(shown);
  if constexpr (std::is_same_v<AnyArena, BothArena>) {
    expect(vae.encode(pixels, mu.data(), logvar.data(), any.encoder) == Status::kOk, "encode",
           shift);
    crcs[1] = crc_of_posterior();
    expect(vae.reconstruct(pixels, pixels, any) == Status::kOk, "reconstruct", shift);
    crcs[2] = crc_of(shown);
  }
  return crcs;
}

}  // namespace
}  // namespace picovae

int picovae_program() {
  using namespace picovae;
  forbid_unaligned_accesses();
  BoardVae vae;
  expect(vae.open(port::model(), PICOVAE_KERNELS) == Status::kOk, "open", 0);
  const auto aligned = results(vae, arena, 0);
  for (std::size_t shift = 0; shift < kBlobAlignment; ++shift) {
    check_model(shift);
    expect(results(vae, arena, shift) == aligned, "a digit", shift);
  }
  return failed ? 1 : 0;
}
