// Hosts: which ISA this processor runs -> its kernels. One screen.
#include <array>

#include "picovae/kernels.hpp"

namespace picovae {
namespace {

constexpr std::array kBuilt = {
#if defined(__x86_64__)
    &kAvx512Kernels,
    &kAvx2Kernels,
#endif
    &kScalarKernels,
};

}  // namespace

std::span<const Kernels* const> built_kernels() { return kBuilt; }

bool machine_runs(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return true;
#if defined(__x86_64__)
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
    default:
      return false;
  }
}

const Kernels& select_kernels() {
  for (const Kernels* kernels : kBuilt) {
    if (machine_runs(kernels->isa)) return *kernels;
  }
  return kScalarKernels;
}

}  // namespace picovae
