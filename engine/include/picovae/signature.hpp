// The signatures of an s8 model: CRC-32Cs of what it draws, equal on every target (FORMAT.md,
// "Signatures").
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/crc32c.hpp"
#include "picovae/standard.hpp"
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
  std::uint32_t scores = 0;         // 0 without either half
  friend constexpr bool operator==(const Signatures& a, const Signatures& b) {
    return a.generated == b.generated && a.reconstructed == b.reconstructed &&
           a.classes == b.classes && a.scores == b.scores;
  }
};

// The signatures that the model carries. Scores are 0 too in models of format version 1.
inline Signatures signatures_of(const BlobView& view) {
  const BlobHeader& header = *view.header;
  Signatures signatures{header.signature, header.signature_reconstruct, 0, header.signature_scores};
  ClassPriors priors;
  if (find_classes(view, priors) == Status::kOk) signatures.classes = priors.header->signature;
  return signatures;
}

// Whether a target computes what the model carries. Scores of 0, of format version 1, say nothing.
inline bool agree(const Signatures& computed, Signatures carried) {
  if (carried.scores == 0) carried.scores = computed.scores;
  return computed == carried;
}

// Draws the digits, and reconstructs the first of them if the model has an encoder.
//   arena       of arena_size; of decoder_arena_size if Reconstructs is false. Its rows divide 10
//   pixels      [arena.rows][pixels] scratch
//   signatures  out: generated and reconstructed
//   digits      a multiple of the rows; fewer for a quick run, whose CRCs are no signatures
// Returns kOk, or what generate and reconstruct return. Never allocates. Inlined: a board saves a
// frame of stack.
template <bool Reconstructs = true, typename S>
PICOVAE_FOLDED Status sign_digits(const Forward<Integer, S>& vae, DynamicArena arena,
                                  std::uint8_t* pixels, Signatures& signatures,
                                  std::uint32_t digits = kSignatureDigits) {
  signatures.generated = 0;
  signatures.reconstructed = 0;
  const auto rows = static_cast<std::uint32_t>(arena.rows);
  for (std::uint32_t first = 0; first < digits; first += rows) {
    Status status = vae.generate(kSignatureSeed, first, pixels, arena, rows);
    if (status != Status::kOk) return status;
    const auto batch = as_bytes(span(pixels, rows * vae.dimensions().pixels));
    signatures.generated = crc32c(batch, signatures.generated);
    if constexpr (Reconstructs) {
      if (first >= kSignatureReconstructions || !vae.view().has(kEncoderPart)) continue;
      status = vae.reconstruct(pixels, pixels, arena, rows);
      if (status != Status::kOk) return status;
      signatures.reconstructed = crc32c(batch, signatures.reconstructed);
    }
  }
  return Status::kOk;
}

// Scores the digits, of a model with both halves.
//   arena       of arena_size; its rows divide 10
//   pixels      [arena.rows][pixels] scratch
//   scores      [arena.rows] scratch
//   signatures  out: scores
//   digits      as of sign_digits
// Returns kOk, or what generate and score return. Never allocates.
template <typename S>
Status sign_scores(const Forward<Integer, S>& vae, DynamicArena arena, std::uint8_t* pixels,
                   Score* scores, Signatures& signatures, std::uint32_t digits = kSignatureDigits) {
  signatures.scores = 0;
  const auto rows = static_cast<std::uint32_t>(arena.rows);
  for (std::uint32_t first = 0; first < digits; first += rows) {
    Status status = vae.generate(kSignatureSeed, first, pixels, arena, rows);
    if (status == Status::kOk) status = vae.score(pixels, scores, arena, rows);
    if (status != Status::kOk) return status;
    signatures.scores = crc32c(as_bytes(span(scores, rows)), signatures.scores);
  }
  return Status::kOk;
}

// Draws the digits of every class, class after class.
//   arena       of decoder_arena_size; its rows divide 10
//   pixels      [arena.rows][pixels] scratch
//   signatures  out: classes; 0 if the model has none
// Returns kOk, or what generate_class returns. Never allocates.
template <typename S>
Status sign_classes(const Forward<Integer, S>& vae, DynamicArena arena, std::uint8_t* pixels,
                    Signatures& signatures) {
  signatures.classes = 0;
  const auto rows = static_cast<std::uint32_t>(arena.rows);
  for (const std::uint8_t label : vae.classes()) {
    for (std::uint32_t first = 0; first < kClassSignatureDigits; first += rows) {
      const Status status = vae.generate_class(kSignatureSeed, label, first, pixels, arena, rows);
      if (status != Status::kOk) return status;
      const span batch(pixels, rows * vae.dimensions().pixels);
      signatures.classes = crc32c(as_bytes(batch), signatures.classes);
    }
  }
  return Status::kOk;
}

// The same with the arenas of firmware. A decoder's has no room for reconstructions.
template <typename S, std::size_t Batch>
PICOVAE_FOLDED Status sign_digits(const Vae<S, Integer>& vae, Arena<S, Integer, Batch>& arena,
                                  std::uint8_t* pixels, Signatures& signatures,
                                  std::uint32_t digits = kSignatureDigits) {
  static_assert(kClassSignatureDigits % Batch == 0);
  return sign_digits<true>(vae, dynamic(arena), pixels, signatures, digits);
}
template <typename S, std::size_t Batch>
PICOVAE_FOLDED Status sign_digits(const Vae<S, Integer>& vae,
                                  DecoderArena<S, Integer, Batch>& arena, std::uint8_t* pixels,
                                  Signatures& signatures, std::uint32_t digits = kSignatureDigits) {
  static_assert(kClassSignatureDigits % Batch == 0);
  return sign_digits<false>(vae, dynamic(arena), pixels, signatures, digits);
}
template <typename S, std::size_t Batch>
Status sign_scores(const Vae<S, Integer>& vae, Arena<S, Integer, Batch>& arena,
                   std::uint8_t* pixels, Score* scores, Signatures& signatures,
                   std::uint32_t digits = kSignatureDigits) {
  static_assert(kSignatureDigits % Batch == 0);
  return sign_scores(vae, dynamic(arena), pixels, scores, signatures, digits);
}
template <typename S, typename AnyArena>
Status sign_classes(const Vae<S, Integer>& vae, AnyArena& arena, std::uint8_t* pixels,
                    Signatures& signatures) {
  static_assert(kClassSignatureDigits % AnyArena::kBatch == 0);
  return sign_classes(vae, dynamic(arena), pixels, signatures);
}

}  // namespace picovae
