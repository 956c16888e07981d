// The signatures of an s8 model: CRC-32Cs of what it draws, equal on every target (FORMAT.md,
// "Signatures").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "picovae/crc32c.hpp"
#include "picovae/vae.hpp"

namespace picovae {

inline constexpr std::uint64_t kSignatureSeed = 1;
inline constexpr std::uint32_t kSignatureDigits = 1000;
inline constexpr std::uint32_t kSignatureReconstructions = 100;  // of the first of these digits
inline constexpr std::uint32_t kClassSignatureDigits = 10;       // of each class

struct Signatures {
  std::uint32_t generated = 0;      // 0 without a decoder
  std::uint32_t reconstructed = 0;  // 0 without an encoder
  std::uint32_t classes = 0;        // 0 without classes
  bool operator==(const Signatures&) const = default;
};

// The signatures that the model carries.
inline Signatures signatures_of(const BlobView& view) {
  Signatures signatures{view.header->signature, view.header->signature_reconstruct};
  ClassPriors priors;
  if (find_classes(view, priors) == Status::kOk) signatures.classes = priors.header->signature;
  return signatures;
}

// Draws the digits, and reconstructs the first of them if model and arena have an encoder.
//   arena       DecoderArena or Arena, whose batch divides 10
//   pixels      [kBatch of the arena][kPixels] scratch
//   signatures  out: generated and reconstructed
//   digits      a multiple of the batch; fewer for a quick run, whose CRCs are no signatures
// Returns kOk, kNotOpen or kNoDecoder. Never allocates. Inlined: a board saves a frame of stack.
template <typename S, typename AnyArena>
[[gnu::always_inline]] inline Status sign_digits(const Vae<S, Integer>& vae, AnyArena& arena,
                                                 std::uint8_t* pixels, Signatures& signatures,
                                                 std::uint32_t digits = kSignatureDigits) {
  constexpr std::uint32_t kBatch = AnyArena::kBatch;
  static_assert(kClassSignatureDigits % kBatch == 0);
  const std::span batch(pixels, kBatch * S::kPixels);
  signatures.generated = 0;
  signatures.reconstructed = 0;
  for (std::uint32_t first = 0; first < digits; first += kBatch) {
    Status status = vae.generate(kSignatureSeed, first, pixels, decoder_of(arena), kBatch);
    if (status != Status::kOk) return status;
    signatures.generated = crc32c(std::as_bytes(batch), signatures.generated);
    if constexpr (requires { arena.encoder; }) {
      if (first >= kSignatureReconstructions || !vae.view().has(kEncoderPart)) continue;
      status = vae.reconstruct(pixels, pixels, arena, kBatch);
      if (status != Status::kOk) return status;
      signatures.reconstructed = crc32c(std::as_bytes(batch), signatures.reconstructed);
    }
  }
  return Status::kOk;
}

// Draws the digits of every class, class after class.
//   arena, pixels  as above
//   signatures     out: classes; 0 if the model has none
// Returns kOk, or what Vae::generate_class returns. Never allocates.
template <typename S, typename AnyArena>
Status sign_classes(const Vae<S, Integer>& vae, AnyArena& arena, std::uint8_t* pixels,
                    Signatures& signatures) {
  constexpr std::uint32_t kBatch = AnyArena::kBatch;
  static_assert(kClassSignatureDigits % kBatch == 0);
  const std::span batch(pixels, kBatch * S::kPixels);
  signatures.classes = 0;
  for (const std::uint8_t label : vae.classes()) {
    for (std::uint32_t first = 0; first < kClassSignatureDigits; first += kBatch) {
      const Status status =
          vae.generate_class(kSignatureSeed, label, first, pixels, decoder_of(arena), kBatch);
      if (status != Status::kOk) return status;
      signatures.classes = crc32c(std::as_bytes(batch), signatures.classes);
    }
  }
  return Status::kOk;
}

}  // namespace picovae
