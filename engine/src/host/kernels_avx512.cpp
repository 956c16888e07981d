// AVX-512 F, BW, VL and DQ, without VNNI: Skylake-X on.
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__) || !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma"
#endif

// Above all else, for the diagnostics that it turns off.
#include "host/isa/avx512.hpp"

#include "host/host_kernels.hpp"

namespace picovae {

constinit const Kernels kAvx512Kernels = host_kernels<Avx512>(Isa::kAvx512, "avx512");

}  // namespace picovae
