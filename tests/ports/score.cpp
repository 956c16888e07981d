// Firmware: scores digits and compares the CRC-32C with that in the model, and says what a score
// takes beside the encode and decode in it.
//   ports/run.sh --program tests/ports/score.cpp [BOARD...]
#include <array>
#include <cstdint>

#include "clock.hpp"
#include "picovae/signature.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

Vae<ModelShape, Integer> vae;
Arena<ModelShape, Integer> arena;
std::array<std::uint8_t, ModelShape::kPixels> pixels, copy;
std::array<std::int16_t, ModelShape::kLatent> mu, logvar;

template <typename Work>
std::uint32_t instructions(const Work& work) {
  port::start_clock();
  const std::uint32_t start = port::ticks();
  const Status status = work();
  const std::uint32_t taken = port::ticks() - start;
  if (status == Status::kOk) return taken;
  port::write_decimal("failed: status ", static_cast<std::uint32_t>(status));
  port::exit(1);
}

}  // namespace

int picovae_program() {
  if (vae.open(port::model(), PICOVAE_KERNELS) != Status::kOk) return 1;
  Score score{};
  if (vae.generate(kSignatureSeed, 0, pixels.data(), arena.decoder) != Status::kOk) return 1;
  const std::uint32_t taken = instructions([&] { return vae.score(pixels.data(), &score, arena); });
  const std::uint32_t encode = instructions(
      [] { return vae.encode(pixels.data(), mu.data(), logvar.data(), arena.encoder); });
  const std::uint32_t decode =
      instructions([] { return vae.decode(mu.data(), copy.data(), arena.decoder); });
  Signatures signatures;
  if (sign_scores(vae, arena, pixels.data(), &score, signatures, PICOVAE_DIGITS) != Status::kOk) {
    return 1;
  }
  port::write_decimal("score_instructions ", taken);
  port::write_decimal("encode_and_decode ", encode + decode);
  port::write_hexadecimal("signature_scores ", signatures.scores);
  if (PICOVAE_DIGITS == kSignatureDigits &&
      signatures.scores != vae.view().header->signature_scores) {
    port::write("failed: other scores than the model's\n");
    return 1;
  }
#if defined(__ARM_FEATURE_MVE)  // the kernels take less than two instructions a pixel, the sums do
                                // not
  const std::uint32_t more = 32 * ModelShape::kPixels;
#else
  const std::uint32_t more = (encode + decode) / 50;
#endif
  if (taken > encode + decode + more) {
    port::write("failed: a score takes too much more than encode and decode\n");
    return 1;
  }
  return 0;
}
