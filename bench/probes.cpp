// Which probes this build has: the counterpart of the engine's select.cpp.
#include <array>

#include "probe.hpp"

namespace picovae::bench {
namespace {

constexpr std::array kBuilt = {
#if defined(__x86_64__)
    &kAvx512VnniProbe, &kAvx512Probe, &kAvxVnniProbe, &kAvx2Probe, &kSse2Probe,
#elif defined(__aarch64__)
    &kI8mmProbe,
    &kSdotProbe,
    &kNeonProbe,
#endif
};

}  // namespace

std::span<const Probe* const> built_probes() { return kBuilt; }

const Probe* find_probe(Isa isa) {
  for (const Probe* probe : kBuilt) {
    if (probe->isa == isa && machine_runs(isa)) return probe;
  }
  return nullptr;
}

}  // namespace picovae::bench
