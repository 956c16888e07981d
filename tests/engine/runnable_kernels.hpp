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

}  // namespace picovae::tests
