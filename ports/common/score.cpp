// The second program of a board whose model has both halves: what a score takes, and the signature
// of scores that is in the model's header. Ends with 0 only if that is right. A program of its own,
// so that the demo is as small as one that only draws.
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
Arena<ModelShape, Integer> arena;
std::array<std::uint8_t, ModelShape::kPixels> pixels;

Score score;

}  // namespace

int picovae_program() {
  port::stop_unless_ok(vae.open(port::model(), PICOVAE_KERNELS));
  port::stop_unless_ok(vae.generate(kSignatureSeed, 0, pixels.data(), arena.decoder));
  port::measure("score_instructions ", [] { return vae.score(pixels.data(), &score, arena); });

  const Signatures carried = signatures_of(vae.view());
  Signatures signatures = carried;
  port::stop_unless_ok(sign_scores(vae, arena, pixels.data(), &score, signatures, PICOVAE_DIGITS));
  port::write_hexadecimal("signature_scores ", signatures.scores);
  if (PICOVAE_DIGITS == kSignatureDigits && !agree(signatures, carried)) {
    port::write("failed: other scores than the model's\n");
    return 1;
  }
  return 0;
}
