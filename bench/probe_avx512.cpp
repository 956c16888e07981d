#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma"
#endif

#include "host/isa/avx512.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
constinit const Probe kAvx512Probe = make_probe<Avx512>(Isa::kAvx512, "avx512");
}  // namespace picovae::bench
