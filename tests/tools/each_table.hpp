#pragma once

#include <doctest/doctest.h>

#include "tests/engine/runnable_kernels.hpp"
#include "tools/base/vector_ops.hpp"

namespace picovae::tests {

// Calls check(ops) for every table of vector operations that this machine runs.
template <typename Check>
void for_each_table(Check check) {
  for (const Kernels* kernels : runnable_kernels()) {
    CAPTURE(kernels->name);
    check(tools::vector_ops(kernels->isa));
  }
}

}  // namespace picovae::tests
