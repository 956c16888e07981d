// NEON with SDOT: Cortex-A55, A75, A76 (Raspberry Pi 5) and later.
#if !defined(__aarch64__) || !defined(__ARM_FEATURE_DOTPROD)
#error "compile this file with -march=armv8.2-a+dotprod"
#endif

#include "dense_f32.hpp"
#include "dense_s8.hpp"
#include "isa_neon.hpp"

namespace picovae {

constinit const Kernels kSdotKernels = {Isa::kSdot,      "sdot",         Layout::kHost,
                                        dense_f32<Sdot>, dense_s8<Sdot>, product<Sdot>};

}  // namespace picovae
