// The types of weights of f32 layers: f32 itself, and f16 and bf16 that become f32 as they are
// loaded.
//
// load() fills vectors with consecutive columns. If the cheapest way to load a type mixes columns,
// order() puts sums of such vectors in order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/simd.hpp"

namespace picovae {
namespace {

struct F32 {
  using T = float;
  template <typename Isa>
  static constexpr std::size_t kRowPanels = Isa::kTuning.f32_row_panels;
  template <typename Isa, std::size_t Vectors>
  static PICOVAE_INLINE void load(const T* from, typename Isa::Floats (&to)[Vectors]) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      to[v] = Isa::Floats::load_unaligned(from + v * Isa::Floats::size);
    });
  }
  template <typename Isa, std::size_t Vectors>
  static PICOVAE_INLINE void order(typename Isa::Floats (&)[Vectors]) {}
};

struct F16 {
  using T = std::uint16_t;
  template <typename Isa>
  static constexpr std::size_t kRowPanels = Isa::kTuning.half_row_panels;
  template <typename Isa, std::size_t Vectors>
  static PICOVAE_INLINE void load(const T* from, typename Isa::Floats (&to)[Vectors]) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      to[v] = Isa::load_f16(from + v * Isa::Floats::size);
    });
  }
  template <typename Isa, std::size_t Vectors>
  static PICOVAE_INLINE void order(typename Isa::Floats (&)[Vectors]) {}
};

struct Bf16 {
  using T = std::uint16_t;
  template <typename Isa>
  static constexpr std::size_t kRowPanels = Isa::kTuning.half_row_panels;
  template <typename Isa, std::size_t Vectors>
  static PICOVAE_INLINE void load(const T* from, typename Isa::Floats (&to)[Vectors]) {
    if constexpr (kInPairs<Isa, Vectors>) {
      unroll<Vectors / 2>([&](auto v) __attribute__((always_inline)) {
        Isa::load_bf16_pair(from + 2 * v * Isa::Floats::size, to[2 * v], to[2 * v + 1]);
      });
    } else {
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        to[v] = Isa::load_bf16(from + v * Isa::Floats::size);
      });
    }
  }
  template <typename Isa, std::size_t Vectors>
  static PICOVAE_INLINE void order(typename Isa::Floats (&sums)[Vectors]) {
    if constexpr (kInPairs<Isa, Vectors>) {
      unroll<Vectors / 2>([&](auto v) __attribute__((always_inline)) {
        Isa::interleave(sums[2 * v], sums[2 * v + 1]);
      });
    }
  }

 private:
  // Two bf16 are an f32 of the second, but for its lowest bits, and of the first once shifted.
  template <typename Isa, std::size_t Vectors>
  static constexpr bool kInPairs = Isa::kBf16Pairs&& Vectors % 2 == 0;
};

}  // namespace
}  // namespace picovae
