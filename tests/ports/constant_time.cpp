// Firmware: how long an image takes says nothing about the image. The instructions of each
// function are counted for 100 different digits, and for images and codes at the ends of their
// ranges: no two counts differ, so no branch of the int8 path depends on data.
//   ports/run.sh --program tests/ports/constant_time.cpp [BOARD...]
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "clock.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace picovae {
namespace {

using BoardShape = Shape<PICOVAE_SHAPE>;
using BothArena = Arena<BoardShape, Integer>;
using BoardArena =
    std::conditional_t<PICOVAE_ENCODER, BothArena, DecoderArena<BoardShape, Integer>>;

constexpr std::uint32_t kDigits = 100;
constexpr std::uint64_t kSeed = 1;

Vae<BoardShape, Integer> vae;
BoardArena arena;
std::array<std::uint8_t, BoardShape::kPixels> pixels, copy;
std::array<std::int16_t, BoardShape::kLatent> z, mu, logvar;
std::array<std::int16_t, BoardShape::kPixels> logits;

// The least and the most that one function took.
struct Range {
  const char* name;
  std::uint32_t least = ~std::uint32_t{0}, most = 0;
};
Range generate{"generate "}, decode{"decode "}, decode_logits{"decode_logits "}, encode{"encode "},
    reconstruct{"reconstruct "};

// The clock restarts each time, so that neither its phase nor its interrupt is counted.
template <typename Work>
void count(Range& range, const Work& work) {
  port::start_clock();
  const std::uint32_t start = port::ticks();
  const Status status = work();
  const std::uint32_t taken = port::ticks() - start;
  if (status != Status::kOk) {
    port::write_decimal("failed: status ", static_cast<std::uint32_t>(status));
    port::exit(1);
  }
  if (taken < range.least) range.least = taken;
  if (taken > range.most) range.most = taken;
}

template <typename AnyArena>
struct Counts {
  static constexpr bool kEncoder = std::is_same_v<AnyArena, BothArena>;

  static void of_code() {
    count(decode, [] { return vae.decode(z.data(), pixels.data(), decoder_of(arena)); });
    count(decode_logits,
          [] { return vae.decode_logits(z.data(), logits.data(), decoder_of(arena)); });
  }

  static void of_image() {
    if constexpr (kEncoder) {
      count(encode,
            [] { return vae.encode(pixels.data(), mu.data(), logvar.data(), arena.encoder); });
      count(reconstruct, [] { return vae.reconstruct(pixels.data(), copy.data(), arena); });
    }
  }

  static void run() {
    for (std::uint32_t digit = 0; digit < kDigits; ++digit) {
      normals(kSeed, Purpose::kPrior, 0, digit, z.data(), z.size());
      of_code();
      count(generate,
            [digit] { return vae.generate(kSeed, digit, pixels.data(), decoder_of(arena)); });
      of_image();
    }
    for (const std::int16_t value : std::array<std::int16_t, 3>{-32768, 0, 32767}) {
      z.fill(value);
      of_code();
    }
    for (const std::uint8_t value : std::array<std::uint8_t, 2>{0, 255}) {
      pixels.fill(value);
      of_image();
    }
  }
};

}  // namespace
}  // namespace picovae

int picovae_program() {
  using namespace picovae;
  if (vae.open(port::model(), PICOVAE_KERNELS) != Status::kOk) return 1;
  Counts<BoardArena>::run();
  bool constant = true;
  for (const Range& range : {generate, decode, decode_logits, encode, reconstruct}) {
    if (range.most == 0) continue;  // a model without an encoder
    port::write(range.name);
    port::write_decimal("least ", range.least);
    port::write(range.name);
    port::write_decimal("most ", range.most);
    constant = constant && range.least == range.most;
  }
  if (!constant) port::write("failed: the counts of different digits differ\n");
  return constant ? 0 : 1;
}
