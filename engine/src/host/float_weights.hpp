// The types of weights of f32 layers: f32 itself, and f16 and bf16 that become f32 as they are
// loaded.
//
// load() fills vectors with consecutive columns, kTogether of a strip of them at a time. If the
// cheapest way to load a type mixes the columns of two vectors, kMixed, then so are sums of such
// vectors, which Simd::interleave puts in order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/simd.hpp"

namespace picovae {
namespace {

struct F32 {
  using T = float;
  template <typename Simd>
  static constexpr std::size_t kRowPanels = Simd::kTuning.f32.row_panels;
  template <typename Simd, std::size_t Strip>
  static constexpr std::size_t kTogether =
      Strip % Simd::kLoadsTogether == 0 ? Simd::kLoadsTogether : 1;
  template <typename Simd, std::size_t Strip>
  static constexpr bool kMixed = false;
  template <typename Simd, std::size_t Vectors>
  static PICOVAE_INLINE void load(const T* from, typename Simd::Floats (&to)[Vectors]) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      to[v] = Simd::Floats::load_unaligned(from + v * Simd::Floats::size);
    });
  }
};

struct F16 {
  using T = std::uint16_t;
  template <typename Simd>
  static constexpr std::size_t kRowPanels = Simd::kTuning.f32.half_row_panels;
  template <typename Simd, std::size_t Strip>
  static constexpr std::size_t kTogether = Strip == 2 ? 2 : 1;  // conversions take long
  template <typename Simd, std::size_t Strip>
  static constexpr bool kMixed = false;
  template <typename Simd, std::size_t Vectors>
  static PICOVAE_INLINE void load(const T* from, typename Simd::Floats (&to)[Vectors]) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      to[v] = Simd::load_f16(from + v * Simd::Floats::size);
    });
  }
};

struct Bf16 {
  using T = std::uint16_t;
  template <typename Simd>
  static constexpr std::size_t kRowPanels = Simd::kTuning.f32.half_row_panels;
  // Two bf16 are an f32 of the second, but for its lowest bits, and of the first once shifted.
  template <typename Simd, std::size_t Strip>
  static constexpr bool kMixed = Simd::kBf16Pairs&& Strip % 2 == 0;
  template <typename Simd, std::size_t Strip>
  static constexpr std::size_t kTogether = kMixed<Simd, Strip> ? 2 : 1;
  template <typename Simd, std::size_t Vectors>
  static PICOVAE_INLINE void load(const T* from, typename Simd::Floats (&to)[Vectors]) {
    if constexpr (kMixed<Simd, Vectors>) {
      unroll<Vectors / 2>([&](auto v) __attribute__((always_inline)) {
        Simd::load_bf16_pair(from + 2 * v * Simd::Floats::size, to[2 * v], to[2 * v + 1]);
      });
    } else {
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        to[v] = Simd::load_bf16(from + v * Simd::Floats::size);
      });
    }
  }
};

}  // namespace
}  // namespace picovae
