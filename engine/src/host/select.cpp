// Hosts: which ISA this processor runs -> its kernels. One screen.
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) || defined(__arm__)
#include <sys/auxv.h>  // with it the HWCAP bits
#endif

#include <array>

#include "picovae/kernels.hpp"
#include "picovae/picovae.h"

namespace picovae {
namespace {

constexpr std::array kBuilt = {
#if defined(__x86_64__)
    &kAvx512VnniKernels, &kAvx512Kernels, &kAvxVnniKernels, &kAvx2Kernels, &kSse2Kernels,
#elif defined(__aarch64__)
    &kI8mmKernels,
    &kSdotKernels,
    &kNeonKernels,
#elif defined(__arm__)
    &kNeonKernels,
#endif
    &kScalarKernels,
};

#if defined(__x86_64__)
// clang 14 does not know these by name. Their registers are AVX's, of which the system is asked
// where AVX2 is.
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> 29 & 1) != 0;
}
bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}
#elif defined(__aarch64__) || defined(__arm__)
// What Linux says of the processor.
bool has_all(unsigned long word, unsigned long bits) { return (getauxval(word) & bits) == bits; }
#endif

}  // namespace

std::span<const Kernels* const> built_kernels() { return kBuilt; }

bool machine_runs(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return true;
#if defined(__x86_64__)
    case Isa::kSse2:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    case Isa::kAvxVnni:
      return machine_runs(Isa::kAvx2) && has_avx_vnni();
    case Isa::kAvx512:
      return machine_runs(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq");
    case Isa::kAvx512Vnni:
      return machine_runs(Isa::kAvx512) && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case Isa::kNeon:
      return true;
    case Isa::kSdot:
      return has_all(AT_HWCAP, HWCAP_ASIMDDP);
    case Isa::kI8mm:
      return has_all(AT_HWCAP2, HWCAP2_I8MM) && machine_runs(Isa::kSdot);
#elif defined(__arm__)
    case Isa::kNeon:
      return has_all(AT_HWCAP, HWCAP_ARM_NEON | HWCAP_ARM_VFPv4);
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

const picovae_kernels* picovae_kernels_host(void) { return &picovae::select_kernels(); }
