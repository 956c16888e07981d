// AVX-512 F, BW, VL and DQ: Skylake-X and later. With -mavx512vnni also VNNI: Ice Lake, Zen 4 and
// later; f32 is the same there. With -mavx512bf16 also BF16: Cooper Lake, Zen 4 and later.
#pragma once

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__) || !defined(__AVX2__) || !defined(__FMA__)
#error "compile with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma"
#endif

// GCC 12 takes the "undefined" vectors in its own AVX-512 headers for mistakes of the caller.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include <bit>

#include "host/isa/x86_dot.hpp"

namespace picovae {
namespace {

PICOVAE_INLINE __m256i load256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

struct Vector512 {
  using T = __m512i;
  static PICOVAE_INLINE T load(const void* from) { return _mm512_loadu_si512(from); }
  static PICOVAE_INLINE T broadcast(int v) { return _mm512_set1_epi32(v); }
  static PICOVAE_INLINE T add(T a, T b) { return _mm512_add_epi32(a, b); }
  static PICOVAE_INLINE void store(void* to, T v) { _mm512_storeu_si512(to, v); }
  // VPMADDUBSW's sums of two products never saturate: GroupBounds of ranges.hpp.
  static PICOVAE_INLINE T dot4(T sums, T x, T w) {
    const __m512i pairs = _mm512_maddubs_epi16(x, w);
    return add(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
  static PICOVAE_INLINE T dot2(T sums, T a, T b, T c, T d) {
    return _mm512_add_epi32(_mm512_add_epi32(sums, _mm512_madd_epi16(a, b)),
                            _mm512_madd_epi16(c, d));
  }
  static PICOVAE_INLINE void hold(T&) {}
  static PICOVAE_INLINE T spread(T bytes, __m128i order) {
    return _mm512_srai_epi16(_mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order)), 8);
  }
};

// All but the dot products, which VNNI has instructions for.
template <typename V>
struct Avx512With : X86Dots<V> {
  static constexpr FloatTuning kFloatTuning = {.rows = 10,
                                               .many_rows = 10,
                                               .sums = 24,
                                               .width = 8,
                                               .product_rows = 10,
                                               .product_vectors = 2,
                                               .activated = 4,
                                               .row_panels = 2,
                                               .half_row_panels = 8,
                                               .prefetch = 1024};

  using Floats = xsimd::batch<float, xsimd::avx512f>;
  using Ints = xsimd::batch<std::int32_t, xsimd::avx512f>;
  // xsimd 8 uses two instructions here.
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
    return _mm512_fmadd_ps(a, b, c);
  }
  static PICOVAE_INLINE Floats load_f16(const std::uint16_t* from) {
    return _mm512_cvtph_ps(load256(from));
  }
  static PICOVAE_INLINE Floats load_bf16(const std::uint16_t* from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(load256(from)), 16));
  }
  static constexpr bool kBf16Pairs = true;
  static PICOVAE_INLINE void load_bf16_pair(const std::uint16_t* from, Floats& even, Floats& odd) {
    const __m512i both = _mm512_loadu_si512(from);
    even = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
    odd = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(-65536)));
  }
  static PICOVAE_INLINE void interleave(Floats& even, Floats& odd) {
    const __m512 low = _mm512_unpacklo_ps(even, odd), high = _mm512_unpackhi_ps(even, odd);
    even = low;
    odd = high;
    order(even, odd);
  }
  // Puts 32 columns in order of which `low` has the first four of each eight, `high` the others.
  static PICOVAE_INLINE void order(Floats& low, Floats& high) {
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const __m512d a = _mm512_castps_pd(low), b = _mm512_castps_pd(high);
    low = _mm512_castpd_ps(_mm512_permutex2var_pd(a, first, b));
    high = _mm512_castpd_ps(_mm512_permutex2var_pd(a, second, b));
  }

  struct Epilogue {
    using Words = xsimd::batch<std::int16_t, xsimd::avx2>;  // 16 sums make half a register of these
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
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

  struct WideEpilogue {
    using Words = xsimd::batch<std::int16_t, xsimd::avx512bw>;
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
                                           const std::int32_t* bias, int pre, int post) {
      const __m256i low = Epilogue::requantize(sums, multiplier, bias, pre, post);
      const __m256i high = Epilogue::requantize(sums + 16, multiplier + 16, bias + 16, pre, post);
      return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    static PICOVAE_INLINE Words multiply_q15(Words a, Words b) { return _mm512_mulhrs_epi16(a, b); }
    static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtusepi16_epi8(words));
    }
  };
};

struct Avx512 : Avx512With<Vector512> {
  static constexpr Tuning kTuning = {.f32 = kFloatTuning,
                                     .s8 = {.rows = 4, .vectors = 2, .split = 4}};
};

#if defined(__AVX512VNNI__)
struct Vector512Vnni : Vector512 {
  static PICOVAE_INLINE void hold(T& a) { PICOVAE_HOLD(a); }
  static PICOVAE_INLINE T dot4(T sums, T x, T w) { return _mm512_dpbusd_epi32(sums, x, w); }
  static PICOVAE_INLINE T dot2(T sums, T a, T b, T c, T d) {
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sums, a, b), c, d);
  }
};

struct Avx512Vnni : Avx512With<Vector512Vnni> {
  static constexpr Tuning kTuning = {
      .f32 = kFloatTuning,
      .s8 = {.rows = 10, .vectors = 2, .split = 4}};  // 20 sums of 32 registers
};
#endif

#if defined(__AVX512BF16__)
struct Avx512Bf16 : Avx512Vnni {
  using Pairs = __m512i;
  static PICOVAE_INLINE Pairs broadcast_pair(const std::uint16_t* x) {
    int pair;
    std::memcpy(&pair, x, sizeof pair);
    return _mm512_set1_epi32(pair);
  }
  // Two shuffles of their halves: cheaper than whole columns in order, for which see order().
  static PICOVAE_INLINE void load_pairs(const std::uint16_t* first, const std::uint16_t* second,
                                        Pairs& low, Pairs& high) {
    const __m512i a = _mm512_loadu_si512(first), b = _mm512_loadu_si512(second);
    low = _mm512_unpacklo_epi16(a, b);
    high = _mm512_unpackhi_epi16(a, b);
  }
  static PICOVAE_INLINE Pairs load_half_pairs(const std::uint16_t* first,
                                              const std::uint16_t* second) {
    const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(load256(second)), 16);
    return _mm512_or_si512(high, _mm512_cvtepu16_epi32(load256(first)));
  }
  static PICOVAE_INLINE Floats dot_pairs(Floats sums, Pairs x, Pairs weights) {
    return _mm512_dpbf16_ps(sums, bf16(x), bf16(weights));
  }
  static constexpr std::size_t kRounded = 32;
  static PICOVAE_INLINE void round(const float* x, std::size_t count, std::uint16_t* to) {
    const std::uint32_t mask = count < kRounded ? (1u << count) - 1 : ~0u;
    const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), x);
    const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16), x + 16);
    _mm512_storeu_si512(to, std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
  }

 private:
  static PICOVAE_INLINE __m512bh bf16(__m512i pairs) { return std::bit_cast<__m512bh>(pairs); }
};
#endif

}  // namespace
}  // namespace picovae
