// NEON: every 64-bit Arm, and 32-bit ones from the Cortex-A7 on.
#if !defined(__ARM_NEON) || !defined(__ARM_FEATURE_FMA)
#error "compile this file with -mfpu=neon-vfpv4 (32-bit Arm)"
#endif

#include "host/host_kernels.hpp"
#include "host/isa/neon.hpp"

namespace picovae {

constinit const Kernels kNeonKernels = host_kernels<Neon>(Isa::kNeon, "neon");

}  // namespace picovae
