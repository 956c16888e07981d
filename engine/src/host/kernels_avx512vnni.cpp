// AVX-512 with VNNI: Ice Lake, Zen 4 and later. f32 is as with AVX-512.
#if !defined(__AVX512VNNI__) || !defined(__AVX512F__) || !defined(__AVX512BW__) || \
    !defined(__AVX512VL__) || !defined(__AVX512DQ__) || !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx512vnni and the flags of kernels_avx512.cpp"
#endif

// Above all else, for the diagnostics that it turns off.
#include "host/isa/avx512.hpp"

#include "host/host_kernels.hpp"

namespace picovae {
namespace {

struct Avx512Vnni : Avx512 {
  static constexpr std::size_t kS8Rows = 10, kS8Vectors = 2;  // 20 sums of 32 registers

  // VPDPBUSD adds four products of u8 and s8 to each lane, VPDPWSSD two of s16.
  struct Narrow : Avx512::Narrow {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm512_dpbusd_epi32(sums, x, w);
    }
  };
  struct Wide : Avx512::Wide {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sums, x.first, w.first), x.second, w.second);
    }
  };
};

}  // namespace

constinit const Kernels kAvx512VnniKernels =
    host_kernels<Avx512Vnni>(Isa::kAvx512Vnni, "avx512vnni");

}  // namespace picovae
