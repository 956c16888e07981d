// WebAssembly's vectors of 128 bits, without the relaxed ones, whose results may differ between
// machines. s8 layers alone.
#pragma once

#if !defined(__wasm_simd128__) || defined(__wasm_relaxed_simd__)
#error "compile for wasm32 with -msimd128"
#endif

#include <wasm_simd128.h>

#include "host/isa.hpp"

namespace picovae {
namespace {

// What the epilogue asks of a batch of s16: xsimd 8.1 has none for WebAssembly.
struct Simd128Words {
  static constexpr std::size_t size = 8;
  v128_t v;

  PICOVAE_INLINE Simd128Words(v128_t words) : v(words) {}
  explicit PICOVAE_INLINE Simd128Words(std::int16_t word) : v(wasm_i16x8_splat(word)) {}
  static PICOVAE_INLINE Simd128Words load_unaligned(const std::int16_t* from) {
    return wasm_v128_load(from);
  }
  PICOVAE_INLINE void store_unaligned(std::int16_t* to) const { wasm_v128_store(to, v); }

  using W = Simd128Words;
  friend PICOVAE_INLINE W operator+(W a, W b) { return wasm_i16x8_add(a.v, b.v); }
  friend PICOVAE_INLINE W operator-(W a, W b) { return wasm_i16x8_sub(a.v, b.v); }
  friend PICOVAE_INLINE W operator*(W a, W b) { return wasm_i16x8_mul(a.v, b.v); }
  friend PICOVAE_INLINE W operator&(W a, W b) { return wasm_v128_and(a.v, b.v); }
  friend PICOVAE_INLINE W operator^(W a, W b) { return wasm_v128_xor(a.v, b.v); }
  friend PICOVAE_INLINE W operator-(W a) { return wasm_i16x8_neg(a.v); }
  friend PICOVAE_INLINE W operator~(W a) { return wasm_v128_not(a.v); }
  friend PICOVAE_INLINE W min(W a, W b) { return wasm_i16x8_min(a.v, b.v); }
  friend PICOVAE_INLINE W max(W a, W b) { return wasm_i16x8_max(a.v, b.v); }
  friend PICOVAE_INLINE W abs(W a) { return wasm_i16x8_abs(a.v); }
};

struct Simd128 : IsaDefaults {
  static constexpr Tuning kTuning = {// 8 sums, as most machines behind it have 16 registers
                                     .f32 = {},
                                     .s8 = {.rows = 2, .vectors = 4, .split = 1}};
  using Sums = v128_t;

  // Inputs 0 and 2 of a group meet the even bytes of the weights, 1 and 3 the odd ones.
  struct Pair {
    v128_t even, odd;
  };
  struct Dot : DotDefaults<Sums> {
    using Input = Pair;
    using Weights = Pair;
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      const v128_t bytes = wasm_v128_load(w);
      return {wasm_i16x8_shr(wasm_i16x8_shl(bytes, 8), 8), wasm_i16x8_shr(bytes, 8)};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return wasm_i32x4_add(wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(x.even, w.even)),
                            wasm_i32x4_dot_i16x8(x.odd, w.odd));
    }
  };
  struct Narrow : Dot {
    using X = std::uint8_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      const v128_t all = wasm_v128_load32_splat(x);
      return {wasm_v128_and(all, wasm_i16x8_splat(255)), wasm_u16x8_shr(all, 8)};
    }
  };
  struct Wide : Dot {
    using X = std::int16_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      const v128_t four = wasm_v128_load64_splat(x);
      return {wasm_i16x8_shuffle(four, four, 0, 2, 0, 2, 0, 2, 0, 2),
              wasm_i16x8_shuffle(four, four, 1, 3, 1, 3, 1, 3, 1, 3)};
    }
  };
  using NarrowRow = Narrow;
  using WideRow = Wide;
  using Peak = Narrow;

  static PICOVAE_INLINE Sums add(Sums a, Sums b) { return wasm_i32x4_add(a, b); }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) { wasm_v128_store(to, sums); }

  struct Epilogue {
    using Words = Simd128Words;
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
                                           const std::int32_t* bias, int pre, int post) {
      const auto half = [&](std::size_t at) __attribute__((always_inline)) {
        const v128_t shifted =
            wasm_i32x4_shr(wasm_v128_load(sums + at), static_cast<unsigned>(pre));
        const v128_t scaled = wasm_i32x4_mul(shifted, wasm_u32x4_load16x4(multiplier + at));
        return wasm_i32x4_shr(wasm_i32x4_add(scaled, wasm_v128_load(bias + at)),
                              static_cast<unsigned>(post));
      };
      return wasm_i16x8_narrow_i32x4(half(0), half(4));
    }
    static PICOVAE_INLINE Words multiply_q15(Words a, Words b) {
      return wasm_i16x8_q15mulr_sat(a.v, b.v);
    }
    static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
      wasm_v128_store64_lane(to, wasm_u8x16_narrow_i16x8(words.v, words.v), 0);
    }
  };
  using WideEpilogue = Epilogue;
};

}  // namespace
}  // namespace picovae
