#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__AVXVNNI__)
#error "compile this file with -mavx2 -mfma -mavxvnni"
#endif

#include "host/isa/avx2.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
namespace {

struct AvxVnni : Avx2 {
  struct Narrow : Avx2::Narrow {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm256_dpbusd_avx_epi32(sums, x, w);
    }
  };
};

}  // namespace

constinit const Probe kAvxVnniProbe = make_probe<AvxVnni>(Isa::kAvxVnni, "avxvnni");

}  // namespace picovae::bench
