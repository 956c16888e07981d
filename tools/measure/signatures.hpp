// What an s8 model computes, in a few numbers that are equal on every target: its signatures, and
// the self-test that holds a machine against them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/kernels.hpp"
#include "picovae/vae.hpp"
#include "tools/base/error.hpp"
#include "tools/format/blob.hpp"

namespace picovae::tools {

inline constexpr std::uint64_t kSignatureSeed = 1;
inline constexpr std::size_t kSignatureDigits = 1000;          // generated
inline constexpr std::size_t kSignatureReconstructions = 100;  // of the first of these

// The CRC-32C of the u8 pixels of digits 0 .. 999 of seed 1, and of the reconstructions of the
// first 100 of them; of ten digits of every class, where the model has classes; 0 for what a
// missing part leaves impossible. Those in the blob's header are not read.
template <typename S>
Signatures compute_signatures_of(const BlobBytes& blob, const Kernels& kernels) {
  Vae<S, Integer> vae;
  if (const Status status = vae.open(blob.bytes(), kernels); status != Status::kOk) {
    fail("the model cannot be signed: {}", message(status));
  }
  Signatures signatures;
  if (!vae.view().has(kDecoderPart)) return signatures;

  constexpr std::size_t kBatch = 20;
  static_assert(kSignatureDigits % kBatch == 0 && kSignatureReconstructions % kBatch == 0);
  const auto arena = std::make_unique<Arena<S, Integer, kBatch>>();
  std::vector<std::uint8_t> pixels(kBatch * S::kPixels);
  const auto extend = [&](std::uint32_t& crc) {
    crc = crc32c(std::as_bytes(std::span(pixels)), crc);
  };
  for (std::size_t first = 0; first < kSignatureDigits; first += kBatch) {
    vae.generate(kSignatureSeed, static_cast<std::uint32_t>(first), pixels.data(), arena->decoder,
                 kBatch);
    extend(signatures.generated);
    if (first >= kSignatureReconstructions || !vae.view().has(kEncoderPart)) continue;
    vae.reconstruct(pixels.data(), pixels.data(), *arena, kBatch);
    extend(signatures.reconstructed);
  }
  ClassPriors priors;
  if (find_classes(vae.view(), priors) == Status::kOk) {
    pixels.resize(kClassSignatureDigits * S::kPixels);
    for (const std::uint8_t label : priors.labels()) {
      vae.generate_class(kSignatureSeed, label, 0, pixels.data(), arena->decoder,
                         kClassSignatureDigits);
      extend(signatures.classes);
    }
  }
  return signatures;
}

// The same for the built shape.
Signatures compute_signatures(const BlobBytes& blob, const Kernels& kernels);

struct SelfTest {
  Status layers = Status::kOk;  // kOk, kNoGolden or kWrongOutput
  Layer differs = kLayerCount;  // the first layer that is wrong
  std::size_t batch = 0;        // rows at which it is
  Signatures signatures;        // as computed now
  bool signatures_agree = false;

  bool ok() const { return layers == Status::kOk && signatures_agree; }
};

// Golden layers a row at a time and many rows together (kernels have separate paths for both), then
// the signatures. The blob has the layout of hosts and the built shape.
SelfTest self_test(const BlobBytes& blob, const Kernels& kernels);

}  // namespace picovae::tools
