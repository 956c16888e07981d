// NEON with SDOT: Cortex-A55, A75, A76 (Raspberry Pi 5) and later.
#if !defined(__aarch64__) || !defined(__ARM_FEATURE_DOTPROD)
#error "compile this file with -march=armv8.2-a+dotprod"
#endif

#include "host/host_kernels.hpp"
#include "host/isa/neon.hpp"

namespace picovae {

constinit const Kernels kSdotKernels = host_kernels<Sdot>(Isa::kSdot, "sdot");

}  // namespace picovae
