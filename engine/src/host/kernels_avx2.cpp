// AVX2 and FMA: every x86-64 processor since Haswell and Zen.
#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

#include "host/host_kernels.hpp"
#include "host/isa/avx2.hpp"

namespace picovae {

constinit const Kernels kAvx2Kernels = host_kernels<Avx2>(Isa::kAvx2, "avx2");

}  // namespace picovae
