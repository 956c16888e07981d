// What dense_f32.hpp and dense_s8.hpp ask of an ISA, answered by AVX2 and FMA. Include it only in
// files compiled for these.
#pragma once

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

PICOVAE_INLINE __m128i load128(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

struct Avx2 {
  using Floats = xsimd::batch<float, xsimd::fma3<xsimd::avx2>>;
  using Ints = xsimd::batch<std::int32_t, xsimd::fma3<xsimd::avx2>>;
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
    return xsimd::fma(a, b, c);
  }
  static PICOVAE_INLINE Floats load_f16(const std::uint16_t* from) {
    return _mm256_cvtph_ps(load128(from));
  }
  static PICOVAE_INLINE Floats load_bf16(const std::uint16_t* from) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load128(from)), 16));
  }
  static PICOVAE_INLINE void load_bf16_pair(const std::uint16_t* from, Floats& even, Floats& odd) {
    const __m256i both = load256(from);
    even = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
    odd = _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32(-65536)));
  }
  static PICOVAE_INLINE void interleave(Floats& even, Floats& odd) {
    const __m256 low = _mm256_unpacklo_ps(even, odd), high = _mm256_unpackhi_ps(even, odd);
    even = _mm256_permute2f128_ps(low, high, 0x20);
    odd = _mm256_permute2f128_ps(low, high, 0x31);
  }
  static constexpr std::size_t kTileRows = 6, kTileVectors = 2;  // 12 sums of 16 registers
  static constexpr std::size_t kActivated = 4;
  static constexpr std::size_t kRowPanels = 2, kRowPanels16 = 2, kPrefetch = 1024;

  using Sums = __m256i;
  using Words = xsimd::batch<std::int16_t, xsimd::fma3<xsimd::avx2>>;
  static constexpr std::size_t kS8Rows = 4, kS8Vectors = 2, kS8Split = 1;

  // VPMADDUBSW's pair sums reach 2 * 127 * 127 and never saturate.
  struct Narrow {
    using X = std::uint8_t;
    using Input = __m256i;
    using Weights = __m256i;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int four;
      std::memcpy(&four, x, sizeof four);
      return _mm256_set1_epi32(four);
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return load256(w); }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      const __m256i pairs = _mm256_maddubs_epi16(x, w);
      return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
  };

  // A group's first two inputs meet the first two weights of each output, then the others.
  struct Wide {
    using X = std::int16_t;
    struct Pairs {
      __m256i first, second;
    };
    using Input = Pairs;
    using Weights = Pairs;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int pairs[2];
      std::memcpy(pairs, x, sizeof pairs);
      return {_mm256_set1_epi32(pairs[0]), _mm256_set1_epi32(pairs[1])};
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      // Each byte to the upper half of 16 bits, then down with its sign.
      const __m256i bytes = load256(w);
      const __m128i first = _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13);
      const __m128i second = _mm_add_epi8(first, _mm_set1_epi16(2 << 8));
      return {widen(bytes, first), widen(bytes, second)};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm256_add_epi32(_mm256_add_epi32(sums, _mm256_madd_epi16(x.first, w.first)),
                              _mm256_madd_epi16(x.second, w.second));
    }

   private:
    static PICOVAE_INLINE __m256i widen(__m256i bytes, __m128i order) {
      return _mm256_srai_epi16(_mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(order)), 8);
    }
  };

  static PICOVAE_INLINE Sums add(Sums a, Sums b) { return _mm256_add_epi32(a, b); }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sums);
  }

  static PICOVAE_INLINE Words requantize(const std::int32_t* sums, const std::uint16_t* multiplier,
                                         const std::int32_t* bias, int pre, int post) {
    const auto half = [&](std::size_t at) __attribute__((always_inline)) {
      const __m256i m = _mm256_cvtepu16_epi32(load128(multiplier + at));
      const __m256i scaled =
          _mm256_mullo_epi32(_mm256_sra_epi32(load256(sums + at), _mm_cvtsi32_si128(pre)), m);
      return _mm256_sra_epi32(_mm256_add_epi32(scaled, load256(bias + at)),
                              _mm_cvtsi32_si128(post));
    };
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(half(0), half(8)), _MM_SHUFFLE(3, 1, 2, 0));
  }
  static PICOVAE_INLINE Words multiply_q15(Words a, Words b) { return _mm256_mulhrs_epi16(a, b); }
  static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
    const __m256i v = words;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
  }
};

}  // namespace
}  // namespace picovae
