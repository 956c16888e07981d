// A digit in steps of 32 units on the board: the pixels of a whole decode, and how long the longest
// step takes.
#include "picovae/steps.hpp"

#include <array>
#include <cstdint>

#include "measure.hpp"
#include "picovae/signature.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

Vae<ModelShape, Integer> vae;
DecoderArena<ModelShape, Integer> arena;
std::array<std::uint8_t, ModelShape::kPixels> whole, pixels;

}  // namespace

int picovae_program() {
  constexpr std::uint32_t kNumber = 3;
  port::stop_unless_ok(vae.open(port::model(), PICOVAE_KERNELS));
  port::stop_unless_ok(vae.generate(kSignatureSeed, kNumber, whole.data(), arena));
  DecodeSteps steps;
  port::stop_unless_ok(
      steps.begin_generate(vae, kSignatureSeed, kNumber, pixels.data(), dynamic(arena)));
  std::uint32_t count = 0, longest = 0;
  for (bool done = false; !done; ++count) {
    const std::uint32_t before = port::ticks();
    done = steps.step(vae, 32);
    const std::uint32_t took = port::ticks() - before;
    if (took > longest) longest = took;
  }
  port::write_decimal("steps ", count);
  port::write_decimal("longest_step ", longest);
  if (pixels == whole) return 0;
  port::write("failed: other pixels than those of a whole decode\n");
  return 1;
}
