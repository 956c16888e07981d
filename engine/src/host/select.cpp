// Hosts: the table of each ISA, and which of them this processor runs. A new ISA of
// engine/cmake/isa.cmake needs a case in machine_runs().
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_WIN32)
#include <windows.h>
#elif defined(__aarch64__) || defined(__arm__) || defined(__riscv)
#include <sys/auxv.h>  // with it the HWCAP bits
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#endif

#include <cstddef>
#include <type_traits>

#include "host/product.hpp"
#include "picovae/kernels.hpp"
#include "picovae/picovae.h"
#include "picovae_isas.hpp"

namespace picovae {

// What dense_f32.cpp, dense_bf16.cpp and dense_s8.cpp define for each ISA or for some, and
// scalar.cpp.
using DenseFunction = std::remove_pointer_t<DenseFn>;
using ProductFunction = std::remove_pointer_t<ProductFn>;
#define PICOVAE_DECLARE(name, Type, floats, fused, bf16, s8) \
  namespace name {                                           \
  DenseFunction dense_f32, dense_f16, dense_bf16, dense_s8;  \
  ProductFunction product;                                   \
  }
PICOVAE_FOR_EACH_ISA(PICOVAE_DECLARE)
namespace scalar {
DenseFunction dense_f32, dense_f16, dense_bf16;
ProductFunction product;
}  // namespace scalar

#define PICOVAE_TABLE(name_, Type, floats, fused, bf16_, s8_)            \
  constinit const Kernels k##Type##Kernels = {.isa = Isa::k##Type,       \
                                              .name = #name_,            \
                                              .layout = Layout::kHost,   \
                                              .f32 = floats::dense_f32,  \
                                              .f16 = floats::dense_f16,  \
                                              .bf16 = bf16_::dense_bf16, \
                                              .s8 = s8_::dense_s8,       \
                                              .rounds_inputs = Isa::k##Type == Isa::kAvx512Bf16};
PICOVAE_FOR_EACH_ISA(PICOVAE_TABLE)

namespace {

#define PICOVAE_ADDRESS(name, Type, floats, fused, bf16, s8) &k##Type##Kernels,
constexpr const Kernels* kBuilt[] = {PICOVAE_FOR_EACH_ISA(PICOVAE_ADDRESS)(&kScalarKernels)};

#if defined(__x86_64__)
// clang 14 does not know these by name. They use AVX's registers: that the system saves them is
// part of the test for AVX2.
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> 29 & 1) != 0;
}
bool has_avx512_bf16() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 5 & 1) != 0;
}
bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}
#elif defined(__aarch64__) && defined(__APPLE__)
bool has(const char* feature) {
  int value = 0;
  std::size_t size = sizeof(value);
  return sysctlbyname(feature, &value, &size, nullptr, 0) == 0 && value != 0;
}
bool has_sdot() { return has("hw.optional.arm.FEAT_DotProd"); }
bool has_i8mm() { return has("hw.optional.arm.FEAT_I8MM"); }
#elif defined(__aarch64__) && defined(_WIN32)
// PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE and PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE, which older
// headers lack.
bool has_sdot() { return IsProcessorFeaturePresent(43) != 0; }
bool has_i8mm() { return IsProcessorFeaturePresent(66) != 0; }
#elif defined(__aarch64__) || defined(__arm__) || defined(__riscv)
// What Linux says of the processor.
bool has_all(unsigned long word, unsigned long bits) { return (getauxval(word) & bits) == bits; }
#if defined(__aarch64__)
bool has_sdot() { return has_all(AT_HWCAP, HWCAP_ASIMDDP); }
bool has_i8mm() { return has_all(AT_HWCAP2, HWCAP2_I8MM); }
#endif
#endif

// Bits of the vectors of SVE; 0 without them.
int sve_bits() {
#if defined(__aarch64__) && defined(PR_SVE_GET_VL)
  const int state = has_all(AT_HWCAP, HWCAP_SVE) ? prctl(PR_SVE_GET_VL) : 0;
  return state < 0 ? 0 : (state & PR_SVE_VL_LEN_MASK) * 8;
#else
  return 0;
#endif
}

}  // namespace

std::span<const Kernels* const> built_kernels() { return kBuilt; }

bool machine_runs(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return true;
#if defined(__x86_64__)
    case Isa::kSse2:
    case Isa::kSse2Fma:
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
    case Isa::kAvx512Bf16:
      return machine_runs(Isa::kAvx512Vnni) && has_avx512_bf16();
#elif defined(__aarch64__)
    case Isa::kNeon:
      return true;
    case Isa::kSdot:
      return has_sdot();
    case Isa::kI8mm:
      return has_i8mm() && has_sdot();
    case Isa::kSve: {
      const int bits = sve_bits();  // any multiple of 128 up to 2048
      return bits == 128 || bits == 256 || bits == 512;
    }
#elif defined(__arm__)
    case Isa::kNeon:
      return has_all(AT_HWCAP, HWCAP_ARM_NEON | HWCAP_ARM_VFPv4);
#elif defined(__riscv)
    case Isa::kRvv:
      return has_all(AT_HWCAP, 1u << ('V' - 'A'));  // of version 1.0: Linux knows no other
#elif defined(__wasm__)
    case Isa::kSimd128:
      return true;  // else the module had not been loaded
#endif
    default:
      return false;
  }
}

bool machine_gains(Isa isa) { return isa != Isa::kSve || sve_bits() > 128; }

ProductFn product_for(Isa isa) {
  switch (isa) {
#define PICOVAE_PRODUCT(name, Type, floats, fused, bf16, s8) \
  case Isa::k##Type:                                         \
    return fused::product;
    PICOVAE_FOR_EACH_ISA(PICOVAE_PRODUCT)
    default:
      return scalar::product;
  }
}

const Kernels& select_kernels() {
  for (const Kernels* kernels : kBuilt) {
    const Isa isa = kernels->isa;
    if (!kernels->rounds_inputs && machine_runs(isa) && machine_gains(isa)) return *kernels;
  }
  return kScalarKernels;
}

}  // namespace picovae

const picovae_kernels* picovae_kernels_host(void) { return &picovae::select_kernels(); }
