// NEON: every 64-bit Arm, and 32-bit ones from the Cortex-A7 on.
#if !defined(__ARM_NEON) || !defined(__ARM_FEATURE_FMA)
#error "compile this file with -mfpu=neon-vfpv4 (32-bit Arm)"
#endif

#include "dense_f32.hpp"
#include "dense_s8.hpp"
#include "isa_neon.hpp"

namespace picovae {

constinit const Kernels kNeonKernels = {Isa::kNeon,      "neon",         Layout::kHost,
                                        dense_f32<Neon>, dense_s8<Neon>, product<Neon>};

}  // namespace picovae
