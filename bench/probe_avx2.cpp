#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

#include "host/isa/avx2.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
constinit const Probe kAvx2Probe = make_probe<Avx2>(Isa::kAvx2, "avx2");
}  // namespace picovae::bench
