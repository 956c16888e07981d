// AVX2 with FMA and F16C: every x86-64 processor since Haswell and Zen. With -mavxvnni also
// AVX-VNNI: Alder Lake, Zen 5 and later; f32 is the same there.
#pragma once

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "compile with -mavx2 -mfma -mf16c"
#endif

#include <immintrin.h>

#include "host/isa/x86_dot.hpp"

namespace picovae {
namespace {

PICOVAE_INLINE __m256i load256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
PICOVAE_INLINE __m128i load128(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

struct Vector256 {
  using T = __m256i;
  static PICOVAE_INLINE T load(const void* from) { return load256(from); }
  static PICOVAE_INLINE T broadcast(int v) { return _mm256_set1_epi32(v); }
  static PICOVAE_INLINE T add(T a, T b) { return _mm256_add_epi32(a, b); }
  static PICOVAE_INLINE void store(void* to, T v) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), v);
  }
  // VPMADDUBSW's sums of two products never saturate: GroupBounds of ranges.hpp.
  static PICOVAE_INLINE T dot4(T sums, T x, T w) {
    const __m256i pairs = _mm256_maddubs_epi16(x, w);
    return add(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  static PICOVAE_INLINE T dot2(T sums, T a, T b, T c, T d) {
    return _mm256_add_epi32(_mm256_add_epi32(sums, _mm256_madd_epi16(a, b)),
                            _mm256_madd_epi16(c, d));
  }
  static PICOVAE_INLINE void hold(T&) {}
  static PICOVAE_INLINE T spread(T bytes, __m128i order) {
    return _mm256_srai_epi16(_mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(order)), 8);
  }
};

// All but the dot products, which VNNI has instructions for.
template <typename V>
struct Avx2With : X86Dots<V> {
  static constexpr FloatTuning kFloatTuning = {.rows = 4,
                                               .many_rows = 3,
                                               .sums = 12,
                                               .width = 4,
                                               .product_rows = 6,
                                               .product_vectors = 2,
                                               .activated = 4,
                                               .row_panels = 2,
                                               .half_row_panels = 3,
                                               .prefetch = 1024};

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
  static constexpr bool kBf16Pairs = true;
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

  struct Epilogue {
    using Words = xsimd::batch<std::int16_t, xsimd::fma3<xsimd::avx2>>;
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
                                           const std::int32_t* bias, int pre, int post) {
      const auto half = [&](std::size_t at) __attribute__((always_inline)) {
        const __m256i m = _mm256_cvtepu16_epi32(load128(multiplier + at));
        const __m256i scaled =
            _mm256_mullo_epi32(_mm256_sra_epi32(load256(sums + at), _mm_cvtsi32_si128(pre)), m);
        return _mm256_sra_epi32(_mm256_add_epi32(scaled, load256(bias + at)),
                                _mm_cvtsi32_si128(post));
      };
      const __m256i packed = _mm256_packs_epi32(half(0), half(8));
      return _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0));
    }
    static PICOVAE_INLINE Words multiply_q15(Words a, Words b) { return _mm256_mulhrs_epi16(a, b); }
    static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
      const __m256i v = words;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                       _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
    }
  };
  using WideEpilogue = Epilogue;
};

struct Avx2 : Avx2With<Vector256> {
  static constexpr Tuning kTuning = {.f32 = kFloatTuning,
                                     .s8 = {.rows = 4, .vectors = 2, .split = 1}};
};

#if defined(__AVXVNNI__)
struct Vector256Vnni : Vector256 {
  static PICOVAE_INLINE void hold(T& a) { PICOVAE_HOLD(a); }
  static PICOVAE_INLINE T dot4(T sums, T x, T w) { return _mm256_dpbusd_avx_epi32(sums, x, w); }
  static PICOVAE_INLINE T dot2(T sums, T a, T b, T c, T d) {
    return _mm256_dpwssd_avx_epi32(_mm256_dpwssd_avx_epi32(sums, a, b), c, d);
  }
};

struct AvxVnni : Avx2With<Vector256Vnni> {
  static constexpr Tuning kTuning = {
      .f32 = kFloatTuning, .s8 = {.rows = 6, .vectors = 2, .split = 1}};  // 12 sums of 16 registers
};
#endif

}  // namespace
}  // namespace picovae
