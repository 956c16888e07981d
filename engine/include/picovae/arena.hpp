// Preallocated scratch as structs of aligned arrays. The caller owns them, anywhere; sizeof is the
// whole RAM budget, and running out is impossible. Contents mean nothing between calls; an arena
// serves one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/shape.hpp"

namespace picovae {

// f32 arithmetic, on weights of f32, f16 or bf16: pixels, latents and logits as f32.
struct Float {
  using Pixel = float;   // [0, 1]
  using Hidden = float;  // softplus units
  using Latent = float;  // z, mu, logvar
  using Logit = float;
};

// Integer arithmetic: the same bits on every target (FORMAT.md, "The integer contract").
struct Integer {
  using Pixel = std::uint8_t;   // 0..255
  using Hidden = std::uint8_t;  // 0..127
  using Latent = std::int16_t;  // z Q3.10, mu Q3.12, logvar Q5.10
  using Logit = std::int16_t;   // Q8.7
};

inline constexpr std::size_t kArenaAlignment = 64;

// [Rows][Width] elements of T; rows start at multiples of kArenaAlignment.
template <typename T, std::size_t Rows, std::size_t Width>
struct Matrix {
  static constexpr std::size_t kStride = round_up(Width * sizeof(T), kArenaAlignment) / sizeof(T);
  alignas(kArenaAlignment) T data[Rows * kStride];
};

// Pixels halved to 7 bits. The float arithmetic reads the caller's pixels as they are.
template <typename S, typename A, std::size_t Batch>
struct PixelScratch {};
template <typename S, std::size_t Batch>
struct PixelScratch<S, Integer, Batch> {
  Matrix<std::uint8_t, Batch, S::kPixels> pixels;
};

// What Vae::encode needs for up to Batch images.
template <typename S, typename A, std::size_t Batch = 1>
struct EncoderArena : PixelScratch<S, A, Batch> {
  static constexpr std::size_t kBatch = Batch;
  Matrix<typename A::Hidden, Batch, S::kHidden1> hidden1;
  Matrix<typename A::Hidden, Batch, S::kHidden2> hidden2;
  Matrix<typename A::Latent, Batch, 2 * S::kLatent> heads;  // mu, then logvar
};

// What Vae::decode and Vae::generate need for up to Batch images.
template <typename S, typename A, std::size_t Batch = 1>
struct DecoderArena {
  static constexpr std::size_t kBatch = Batch;
  Matrix<typename A::Latent, Batch, S::kLatent> z;
  Matrix<typename A::Hidden, Batch, S::kHidden2> hidden2;
  Matrix<typename A::Hidden, Batch, S::kHidden1> hidden1;
};

// Both, for Vae::reconstruct.
template <typename S, typename A, std::size_t Batch = 1>
struct Arena {
  static constexpr std::size_t kBatch = Batch;
  EncoderArena<S, A, Batch> encoder;
  DecoderArena<S, A, Batch> decoder;
};

// The decoder's part of either arena.
template <typename S, typename A, std::size_t Batch>
DecoderArena<S, A, Batch>& decoder_of(DecoderArena<S, A, Batch>& arena) {
  return arena;
}
template <typename S, typename A, std::size_t Batch>
DecoderArena<S, A, Batch>& decoder_of(Arena<S, A, Batch>& arena) {
  return arena.decoder;
}

// The budget of the default model, one image at a time.
static_assert(sizeof(EncoderArena<MnistShape, Integer>) == 1728);
static_assert(sizeof(DecoderArena<MnistShape, Integer>) == 768);
static_assert(sizeof(Arena<MnistShape, Integer>) == 2496);

}  // namespace picovae
