// What dense_f32.hpp and dense_s8.hpp ask of an ISA, answered by AVX-512 F, BW, VL and DQ. Include
// it only in files compiled for these, before anything else.
#pragma once

// GCC 12 takes the "undefined" vectors in its own AVX-512 headers for mistakes of the caller.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "host/simd.hpp"

namespace picovae {
namespace {

PICOVAE_INLINE __m256i load256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

struct Avx512 {
  using Floats = xsimd::batch<float, xsimd::avx512f>;
  using Ints = xsimd::batch<std::int32_t, xsimd::avx512f>;
  // xsimd 8 multiplies and adds apart here.
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
    return _mm512_fmadd_ps(a, b, c);
  }
  static PICOVAE_INLINE Floats load_f16(const std::uint16_t* from) {
    return _mm512_cvtph_ps(load256(from));
  }
  static PICOVAE_INLINE Floats load_bf16(const std::uint16_t* from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load256(from)), 16));
  }
  static PICOVAE_INLINE void load_bf16_pair(const std::uint16_t* from, Floats& even, Floats& odd) {
    const __m512i both = _mm512_loadu_si512(from);
    even = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
    odd = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(-65536)));
  }
  static PICOVAE_INLINE void interleave(Floats& even, Floats& odd) {
    const __m512 low = _mm512_unpacklo_ps(even, odd), high = _mm512_unpackhi_ps(even, odd);
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const __m512d a = _mm512_castps_pd(low), b = _mm512_castps_pd(high);
    even = _mm512_castpd_ps(_mm512_permutex2var_pd(a, first, b));
    odd = _mm512_castpd_ps(_mm512_permutex2var_pd(a, second, b));
  }
  static constexpr std::size_t kTileRows = 10, kTileVectors = 2;  // 20 sums of 32 registers
  static constexpr std::size_t kActivated = 4;
  static constexpr std::size_t kRowPanels = 2, kRowPanels16 = 8, kPrefetch = 1024;

  using Sums = __m512i;
  using Words = xsimd::batch<std::int16_t, xsimd::avx2>;  // 16 sums make half a register of these
  static constexpr std::size_t kS8Rows = 4, kS8Vectors = 2, kS8Split = 4;

  // VPMADDUBSW's pair sums reach 2 * 127 * 127 and never saturate.
  struct Narrow {
    using X = std::uint8_t;
    using Input = __m512i;
    using Weights = __m512i;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int four;
      std::memcpy(&four, x, sizeof four);
      return _mm512_set1_epi32(four);
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return _mm512_loadu_si512(w); }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      const __m512i pairs = _mm512_maddubs_epi16(x, w);
      return _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
  };

  // A group's first two inputs meet the first two weights of each output, then the others.
  struct Wide {
    using X = std::int16_t;
    struct Pairs {
      __m512i first, second;
    };
    using Input = Pairs;
    using Weights = Pairs;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int pairs[2];
      std::memcpy(pairs, x, sizeof pairs);
      return {_mm512_set1_epi32(pairs[0]), _mm512_set1_epi32(pairs[1])};
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      // Each byte to the upper half of 16 bits, then down with its sign.
      const __m512i bytes = _mm512_loadu_si512(w);
      const __m128i first = _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13);
      const __m128i second = _mm_add_epi8(first, _mm_set1_epi16(2 << 8));
      return {widen(bytes, first), widen(bytes, second)};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm512_add_epi32(_mm512_add_epi32(sums, _mm512_madd_epi16(x.first, w.first)),
                              _mm512_madd_epi16(x.second, w.second));
    }

   private:
    static PICOVAE_INLINE __m512i widen(__m512i bytes, __m128i order) {
      return _mm512_srai_epi16(_mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order)), 8);
    }
  };

  static PICOVAE_INLINE Sums add(Sums a, Sums b) { return _mm512_add_epi32(a, b); }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) { _mm512_storeu_si512(to, sums); }

  static PICOVAE_INLINE Words requantize(const std::int32_t* sums, const std::uint16_t* multiplier,
                                         const std::int32_t* bias, int pre, int post) {
    const __m512i m = _mm512_cvtepu16_epi32(load256(multiplier));
    const __m512i scaled =
        _mm512_mullo_epi32(_mm512_sra_epi32(_mm512_loadu_si512(sums), _mm_cvtsi32_si128(pre)), m);
    return _mm512_cvtsepi32_epi16(_mm512_sra_epi32(
        _mm512_add_epi32(scaled, _mm512_loadu_si512(bias)), _mm_cvtsi32_si128(post)));
  }
  static PICOVAE_INLINE Words multiply_q15(Words a, Words b) { return _mm256_mulhrs_epi16(a, b); }
  static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtusepi16_epi8(words));
  }

  // The epilogue of a whole panel.
  struct Twice {
    using Words = xsimd::batch<std::int16_t, xsimd::avx512bw>;
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
                                           const std::int32_t* bias, int pre, int post) {
      const __m256i low = Avx512::requantize(sums, multiplier, bias, pre, post);
      const __m256i high = Avx512::requantize(sums + 16, multiplier + 16, bias + 16, pre, post);
      return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    static PICOVAE_INLINE Words multiply_q15(Words a, Words b) { return _mm512_mulhrs_epi16(a, b); }
    static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtusepi16_epi8(words));
    }
  };
};

}  // namespace
}  // namespace picovae
