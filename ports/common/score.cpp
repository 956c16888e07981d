// The second program of a board whose model has both halves: what a score takes, and the signature
// of scores that is in the model's header. Ends with 0 only if that is right. A program of its own,
// so that the demo is as small as one that only draws.
#include <array>
#include <cstdint>

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

void stop_unless_ok(Status status) {
  if (status == Status::kOk) return;
  port::write_decimal("failed: status ", static_cast<std::uint32_t>(status));
  port::exit(1);
}

}  // namespace

int picovae_program() {
  stop_unless_ok(vae.open(port::model(), PICOVAE_KERNELS));
  stop_unless_ok(vae.generate(kSignatureSeed, 0, pixels.data(), arena.decoder));
  Score score{};
  const std::uint32_t before = port::ticks();
  const std::uint32_t start = port::ticks();
  const Status status = vae.score(pixels.data(), &score, arena);
  const std::uint32_t end = port::ticks();
  stop_unless_ok(status);
  port::write_decimal("score_instructions ", (end - start) - (start - before));

  Signatures signatures;
  stop_unless_ok(sign_scores(vae, arena, pixels.data(), &score, signatures, PICOVAE_DIGITS));
  port::write_hexadecimal("signature_scores ", signatures.scores);
  if (PICOVAE_DIGITS == kSignatureDigits &&
      signatures.scores != vae.view().header->signature_scores) {
    port::write("failed: other scores than the model's\n");
    return 1;
  }
  return 0;
}
