#pragma once

#include <vector>

#include "picovae/kernels.hpp"

namespace picovae::tests {

// The tables of this build that this machine can run.
inline std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> runnable;
  for (const Kernels* kernels : built_kernels()) {
    if (machine_runs(kernels->isa)) runnable.push_back(kernels);
  }
  return runnable;
}

// Whether f32 kernels give the bits of the reference: not without a fused multiply-add, nor on
// 32-bit Arm, whose vectors flush subnormal numbers to zero and divide by approximation.
inline bool equals_reference(const Kernels& kernels) {
#if defined(__arm__)
  return kernels.isa == Isa::kScalar;
#else
  return kernels.isa != Isa::kSse2;
#endif
}

}  // namespace picovae::tests
