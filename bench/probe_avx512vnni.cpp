#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__) || !defined(__AVX512VNNI__)
#error "compile this file with the flags of avx512 and -mavx512vnni"
#endif

#include "host/isa/avx512.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
namespace {

struct Avx512Vnni : Avx512 {
  struct Narrow : Avx512::Narrow {
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return _mm512_dpbusd_epi32(sums, x, w);
    }
  };
};

}  // namespace

constinit const Probe kAvx512VnniProbe = make_probe<Avx512Vnni>(Isa::kAvx512Vnni, "avx512vnni");

}  // namespace picovae::bench
