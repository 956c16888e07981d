// A WebAssembly module: its kernels against the reference arithmetic, case by case.
#include "tests/ports/kernel_cases.hpp"

namespace {
picovae::tests::KernelCases cases;
}

// How many cases fail with a set of kernels (picovae::built_kernels).
extern "C" [[clang::export_name("failures")]] int failures(std::size_t which) {
  return cases.run(*picovae::built_kernels()[which], [](const picovae::tests::KernelCase&) {});
}
