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

#include "simd.hpp"

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
  static constexpr std::size_t kTileRows = 10, kTileVectors = 2;  // 20 sums of 32 registers
  static constexpr std::size_t kRowPanels = 4;

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

  // Inputs 0 and 2 of a group meet the even bytes of the weights, 1 and 3 the odd ones.
  struct Wide {
    using X = std::int16_t;
    struct Pair {
      __m512i even, odd;
    };
    using Input = Pair;
    using Weights = Pair;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      const __m128i four = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
      const __m128i all = _mm_shufflelo_epi16(four, _MM_SHUFFLE(3, 1, 2, 0));
      return {_mm512_broadcastd_epi32(all), _mm512_broadcastd_epi32(_mm_srli_epi64(all, 32))};
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      const __m512i bytes = _mm512_loadu_si512(w);
      return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm512_add_epi32(_mm512_add_epi32(sums, _mm512_madd_epi16(x.even, w.even)),
                              _mm512_madd_epi16(x.odd, w.odd));
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
};

}  // namespace
}  // namespace picovae
