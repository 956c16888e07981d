// SSE2: every x86-64 processor.
#pragma once

#if !defined(__SSE2__) || defined(__SSE3__)
#error "compile for plain x86-64"
#endif

#include <emmintrin.h>

#include <cstring>

#include "host/isa.hpp"

namespace picovae {
namespace {

PICOVAE_INLINE __m128i load128(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

struct Sse2 : IsaDefaults {
  static constexpr Tuning kTuning = {// 8 sums of 16 registers
                                     .f32 = {.rows = 2,
                                             .many_rows = 2,
                                             .sums = 8,
                                             .width = 4,
                                             .product_rows = 2,
                                             .product_vectors = 4,
                                             .activated = 4,
                                             .row_panels = 1,
                                             .half_row_panels = 1,
                                             .prefetch = 0},
                                     .s8 = {.rows = 2, .vectors = 4, .split = 1}};

  using Floats = xsimd::batch<float, xsimd::sse2>;
  using Ints = xsimd::batch<std::int32_t, xsimd::sse2>;
  // Rounds twice: there is no fused one.
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) { return a * b + c; }
  // As f16_to_f32 of half.hpp.
  static PICOVAE_INLINE Floats load_f16(const std::uint16_t* from) {
    const __m128i bits = widen(from);
    const __m128i magnitude = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x7fff)), 13);
    const __m128i sign = _mm_slli_epi32(_mm_and_si128(bits, _mm_set1_epi32(0x8000)), 16);
    return _mm_or_ps(_mm_mul_ps(_mm_castsi128_ps(magnitude), _mm_set1_ps(0x1p112f)),
                     _mm_castsi128_ps(sign));
  }
  static PICOVAE_INLINE Floats load_bf16(const std::uint16_t* from) {
    return _mm_castsi128_ps(_mm_slli_epi32(widen(from), 16));
  }
  using Sums = __m128i;

  // Inputs 0 and 2 of a group meet the even bytes of the weights, 1 and 3 the odd ones.
  struct Pair {
    __m128i even, odd;
  };
  // DotDefaults, written out: GCC warns of __m128i as a template argument.
  struct Dot {
    using Sums = __m128i;
    static PICOVAE_INLINE Sums finish(Sums sums) { return sums; }
    static PICOVAE_INLINE void hold(Pair&) {}
    static constexpr std::size_t kGroups = 0;
    static constexpr std::size_t kProducts = sizeof(Sums);
    using Input = Pair;
    using Weights = Pair;
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      const __m128i bytes = load128(w);
      return {_mm_srai_epi16(_mm_slli_epi16(bytes, 8), 8), _mm_srai_epi16(bytes, 8)};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm_add_epi32(_mm_add_epi32(sums, _mm_madd_epi16(x.even, w.even)),
                           _mm_madd_epi16(x.odd, w.odd));
    }
  };
  struct Narrow : Dot {
    using X = std::uint8_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int four;
      std::memcpy(&four, x, sizeof four);
      const __m128i all = _mm_set1_epi32(four);
      return {_mm_and_si128(all, _mm_set1_epi16(255)), _mm_srli_epi16(all, 8)};
    }
  };
  struct Wide : Dot {
    using X = std::int16_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      const __m128i four = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
      const __m128i apart = _mm_shufflelo_epi16(four, _MM_SHUFFLE(3, 1, 2, 0));
      return {_mm_shuffle_epi32(apart, _MM_SHUFFLE(0, 0, 0, 0)),
              _mm_shuffle_epi32(apart, _MM_SHUFFLE(1, 1, 1, 1))};
    }
  };

  using NarrowRow = Narrow;
  using WideRow = Wide;
  using Peak = Narrow;

  static PICOVAE_INLINE Sums add(Sums a, Sums b) { return _mm_add_epi32(a, b); }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), sums);
  }

  struct Epilogue {
    using Words = xsimd::batch<std::int16_t, xsimd::sse2>;
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
                                           const std::int32_t* bias, int pre, int post) {
      const auto half = [&](std::size_t at) __attribute__((always_inline)) {
        const __m128i shifted = _mm_sra_epi32(load128(sums + at), _mm_cvtsi32_si128(pre));
        const __m128i scaled = multiply_low(shifted, widen(multiplier + at));
        return _mm_sra_epi32(_mm_add_epi32(scaled, load128(bias + at)), _mm_cvtsi32_si128(post));
      };
      return _mm_packs_epi32(half(0), half(4));
    }
    static PICOVAE_INLINE Words multiply_q15(Words a, Words b) {
      const __m128i low = _mm_mullo_epi16(a, b), high = _mm_mulhi_epi16(a, b);
      const auto round = [](__m128i product) __attribute__((always_inline)) {
        return _mm_srai_epi32(_mm_add_epi32(product, _mm_set1_epi32(1 << 14)), 15);
      };
      return _mm_packs_epi32(round(_mm_unpacklo_epi16(low, high)),
                             round(_mm_unpackhi_epi16(low, high)));
    }
    static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
    }
  };
  using WideEpilogue = Epilogue;

 private:
  // Four u16 -> u32.
  static PICOVAE_INLINE __m128i widen(const std::uint16_t* from) {
    return _mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)),
                              _mm_setzero_si128());
  }
  // The low halves of 32-bit products, of which SSE2 makes two at a time.
  static PICOVAE_INLINE __m128i multiply_low(__m128i a, __m128i b) {
    const __m128i even = _mm_mul_epu32(a, b);
    const __m128i odd = _mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32));
    return _mm_unpacklo_epi32(_mm_shuffle_epi32(even, _MM_SHUFFLE(3, 1, 2, 0)),
                              _mm_shuffle_epi32(odd, _MM_SHUFFLE(3, 1, 2, 0)));
  }
};

}  // namespace
}  // namespace picovae
