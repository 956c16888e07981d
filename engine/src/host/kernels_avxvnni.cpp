// AVX2 with AVX-VNNI: Alder Lake, Zen 5 and later. f32 is as with AVX2.
#if !defined(__AVXVNNI__) || !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavxvnni -mavx2 -mfma"
#endif

#include "host/host_kernels.hpp"
#include "host/isa/avx2.hpp"

namespace picovae {
namespace {

struct AvxVnni : Avx2 {
  static constexpr std::size_t kS8Rows = 6, kS8Vectors = 2;  // 12 sums of 16 registers

  // VPDPBUSD adds four products of u8 and s8 to each lane, VPDPWSSD two of s16.
  struct Narrow : Avx2::Narrow {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm256_dpbusd_avx_epi32(sums, x, w);
    }
  };
  struct Wide : Avx2::Wide {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm256_dpwssd_avx_epi32(_mm256_dpwssd_avx_epi32(sums, x.first, w.first), x.second,
                                     w.second);
    }
  };
};

}  // namespace

constinit const Kernels kAvxVnniKernels = host_kernels<AvxVnni>(Isa::kAvxVnni, "avxvnni");

}  // namespace picovae
