// SSE2: every x86-64 processor. It has no fused multiply-add: Sse2 rounds twice instead, and
// Sse2Fma makes one of a dozen instructions, for the bits that all other processors get.
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

struct Sse2Fma : Sse2 {
  // In double a product is exact. Only the sum is rounded there, which counts if that puts it half
  // way between two floats, or if the float is subnormal and half way is at another bit.
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
    const Doubles product = multiply(a, b), addend = widen(c);
    const Doubles sum = {_mm_add_pd(product.low, addend.low),
                         _mm_add_pd(product.high, addend.high)};
    const __m128i ends = words<_MM_SHUFFLE(2, 0, 2, 0)>(sum);
    const __m128i starts =
        _mm_and_si128(words<_MM_SHUFFLE(3, 1, 3, 1)>(sum), _mm_set1_epi32(0x7fffffff));
    const __m128i half_way =
        _mm_cmpeq_epi32(_mm_slli_epi32(ends, 3), _mm_set1_epi32(-0x7fffffff - 1));
    const __m128i subnormal =  // less than 2^-126 and not zero
        _mm_and_si128(_mm_cmplt_epi32(starts, _mm_set1_epi32(0x38100000)),
                      _mm_cmpgt_epi32(starts, _mm_setzero_si128()));
    if (__builtin_expect(_mm_movemask_epi8(_mm_or_si128(half_way, subnormal)), 0) != 0) {
      return narrow({round_to_odd(product.low, addend.low, sum.low),
                     round_to_odd(product.high, addend.high, sum.high)});
    }
    return narrow(sum);
  }

 private:
  struct Doubles {
    __m128d low, high;
  };
  static PICOVAE_INLINE Doubles widen(__m128 v) {
    return {_mm_cvtps_pd(v), _mm_cvtps_pd(_mm_movehl_ps(v, v))};
  }
  static PICOVAE_INLINE Doubles multiply(__m128 a, __m128 b) {
    const Doubles x = widen(a), y = widen(b);
    return {_mm_mul_pd(x.low, y.low), _mm_mul_pd(x.high, y.high)};
  }
  static PICOVAE_INLINE __m128 narrow(Doubles v) {
    return _mm_movelh_ps(_mm_cvtpd_ps(v.low), _mm_cvtpd_ps(v.high));
  }
  // Of each double 32 bits.
  template <int kWhich>
  static PICOVAE_INLINE __m128i words(Doubles v) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castpd_ps(v.low), _mm_castpd_ps(v.high), kWhich));
  }

  // The sum rounded to odd: if it is no double itself, to that of its neighbors whose last bit
  // is 1. Rounding this to float is as if the sum had not been rounded before (Boldo and Melquiond
  // 2008, "Emulation of FMA and correctly rounded sums").
  static PICOVAE_INLINE __m128d round_to_odd(__m128d product, __m128d addend, __m128d sum) {
    // What the sum lacks, exactly (Knuth's TwoSum).
    const __m128d part = _mm_sub_pd(sum, product);
    const __m128d error =
        _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, part)), _mm_sub_pd(addend, part));
    const __m128d size = _mm_andnot_pd(_mm_set1_pd(-0.0), error);
    const __m128i inexact = _mm_castpd_si128(_mm_cmplt_pd(_mm_setzero_pd(), size));  // -1 or 0
    // Towards zero if the error has the other sign, and then to odd.
    const __m128i signs = _mm_srai_epi32(_mm_castpd_si128(_mm_xor_pd(sum, error)), 31);
    const __m128i too_large = _mm_shuffle_epi32(signs, _MM_SHUFFLE(3, 3, 1, 1));
    const __m128i down = _mm_add_epi64(_mm_castpd_si128(sum), _mm_and_si128(too_large, inexact));
    return _mm_castsi128_pd(_mm_or_si128(down, _mm_srli_epi64(inexact, 63)));
  }
};

}  // namespace
}  // namespace picovae
