// Preallocated scratch. The caller owns it, anywhere; its size is the whole RAM budget, and running
// out is impossible. Contents mean nothing between calls; an arena serves one thread at a time.
//
// Firmware takes the types: EncoderArena, DecoderArena, Arena. Programs that take models of any
// shape own arena_size() bytes and pass them as a DynamicArena.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/shape.hpp"

namespace picovae {

// f32 arithmetic, on weights of f32, f16 or bf16: pixels, latents and logits as f32.
struct Float {
  static constexpr bool kIsInteger = false;
  using Pixel = float;   // [0, 1]
  using Hidden = float;  // softplus units
  using Latent = float;  // z, mu, logvar
  using Logit = float;
};

// Integer arithmetic: the same bits on every target (FORMAT.md, "The integer contract").
struct Integer {
  static constexpr bool kIsInteger = true;
  using Pixel = std::uint8_t;   // 0..255
  using Hidden = std::uint8_t;  // 0..127, or more (ranges.hpp)
  using Latent = std::int16_t;  // z Q3.10, mu Q3.12, logvar Q5.10
  using Logit = std::int16_t;   // Q8.7
};

inline constexpr std::size_t kArenaAlignment = 64;

// Bytes of a row of `width` elements: rows start at multiples of kArenaAlignment.
template <typename T>
constexpr std::size_t row_size(std::size_t width) {
  return round_up(width * sizeof(T), kArenaAlignment);
}

// Bytes that an encoder needs for one image: halved pixels (Integer alone; the float arithmetic
// reads the caller's), hidden1, hidden2, then mu and logvar.
template <typename A>
constexpr std::size_t encoder_arena_size(Dimensions d) {
  return (A::kIsInteger ? row_size<std::uint8_t>(d.pixels) : 0) +
         row_size<typename A::Hidden>(d.hidden1) + row_size<typename A::Hidden>(d.hidden2) +
         row_size<typename A::Latent>(2 * std::size_t{d.latent});
}

// Bytes that a decoder needs for one image: z, hidden2, hidden1.
template <typename A>
constexpr std::size_t decoder_arena_size(Dimensions d) {
  return row_size<typename A::Latent>(d.latent) + row_size<typename A::Hidden>(d.hidden2) +
         row_size<typename A::Hidden>(d.hidden1);
}

// Bytes that both need, for reconstructions.
template <typename A>
constexpr std::size_t arena_size(Dimensions d) {
  return encoder_arena_size<A>(d) + decoder_arena_size<A>(d);
}

// What Vae::encode needs for up to Batch images.
template <typename S, typename A, std::size_t Batch = 1>
struct EncoderArena {
  static constexpr std::size_t kBatch = Batch;
  alignas(kArenaAlignment) std::byte bytes[Batch * encoder_arena_size<A>(S::kDimensions)];
};

// What Vae::decode and Vae::generate need for up to Batch images.
template <typename S, typename A, std::size_t Batch = 1>
struct DecoderArena {
  static constexpr std::size_t kBatch = Batch;
  alignas(kArenaAlignment) std::byte bytes[Batch * decoder_arena_size<A>(S::kDimensions)];
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

// Memory of the caller's for calls of up to `rows` images.
struct DynamicArena {
  std::byte* bytes;  // [rows * the size that the call needs], at a multiple of kArenaAlignment
  std::size_t rows;
};

// An arena of any type as one. A shorter one is the beginning of a longer.
template <typename AnyArena>
DynamicArena dynamic(AnyArena& arena) {
  return {reinterpret_cast<std::byte*>(&arena), AnyArena::kBatch};
}

// Whether an arena starts where the kernels' loads may. The address comes out of an empty assembler
// statement: compilers take a typed arena's alignment for granted and would drop the check.
inline bool is_aligned(const std::byte* arena) {
  auto address = reinterpret_cast<std::uintptr_t>(arena);
  asm("" : "+r"(address));
  return address % kArenaAlignment == 0;
}

// Rows of `width` elements in an arena.
template <typename T>
struct Rows {
  T* data;
  std::size_t stride;  // elements between rows

  static Rows at(std::byte* start, std::size_t width) {
    return {reinterpret_cast<T*>(start), row_size<T>(width) / sizeof(T)};
  }
  T* row(std::size_t i) const { return data + i * stride; }
  std::byte* end(std::size_t rows) const { return reinterpret_cast<std::byte*>(row(rows)); }
};

// The budget of the default model, one image at a time.
static_assert(sizeof(EncoderArena<MnistShape, Integer>) == 1728);
static_assert(sizeof(DecoderArena<MnistShape, Integer>) == 768);
static_assert(sizeof(Arena<MnistShape, Integer>) == 2496);

}  // namespace picovae
