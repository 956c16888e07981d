// Which probes this build has and this machine runs: the counterpart of the engine's select.cpp.
#include <string_view>
#include <vector>

#include "picovae/kernels.hpp"
#include "probe.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace picovae::bench {
namespace {

#if defined(__x86_64__)
// Not every compiler's __builtin_cpu_supports knows this one.
bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & 1u << 4) != 0;
}
#endif

}  // namespace

std::span<const BuiltProbe> built_probes() {
  static const std::vector<BuiltProbe> built = {
#if defined(__x86_64__)
    {&kAvx512VnniProbe, machine_runs(Isa::kAvx512) && __builtin_cpu_supports("avx512vnni")},
    {&kAvx512Probe, machine_runs(Isa::kAvx512)},
    {&kAvxVnniProbe, machine_runs(Isa::kAvx2) && has_avx_vnni()},
    {&kAvx2Probe, machine_runs(Isa::kAvx2)},
#elif defined(__aarch64__)
    {&kI8mmProbe, machine_runs(Isa::kI8mm)},
    {&kSdotProbe, machine_runs(Isa::kSdot)},
    {&kNeonProbe, machine_runs(Isa::kNeon)},
#endif
  };
  return built;
}

const Probe* find_probe(const char* isa) {
  for (const auto& [probe, runs] : built_probes()) {
    if (runs && std::string_view{probe->isa} == isa) return probe;
  }
  return nullptr;
}

}  // namespace picovae::bench
