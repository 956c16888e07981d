#pragma once

#include <array>
#include <functional>
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

// Those that differ in function_of(table), as &Kernels::f32: ISAs share functions.
template <typename FunctionOf>
std::vector<const Kernels*> runnable_kernels(FunctionOf function_of) {
  std::vector<const Kernels*> different;
  for (const Kernels* kernels : runnable_kernels()) {
    bool is_new = true;
    for (const Kernels* earlier : different) {
      is_new &= std::invoke(function_of, *earlier) != std::invoke(function_of, *kernels);
    }
    if (is_new) different.push_back(kernels);
  }
  return different;
}

// For it: all that a model of floats runs on.
inline std::array<DenseFn, 3> floats_of(const Kernels& kernels) {
  return {kernels.f32, kernels.f16, kernels.bf16};
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
