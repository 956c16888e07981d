// The probes of this build: the counterpart of the engine's select.cpp.
#include "picovae_isas.hpp"
#include "probe.hpp"

namespace picovae::bench {

#define PICOVAE_DECLARE(name, Type, floats, fused, bf16, s8) \
  namespace name {                                           \
  extern const Probe kProbe;                                 \
  }
PICOVAE_FOR_EACH_STRUCT(PICOVAE_DECLARE)

#define PICOVAE_ADDRESS(name, Type, floats, fused, bf16, s8) &name::kProbe,
constexpr const Probe* kBuilt[] = {PICOVAE_FOR_EACH_STRUCT(PICOVAE_ADDRESS)};

std::span<const Probe* const> built_probes() { return kBuilt; }

const Probe* find_probe(Isa isa) {
  for (const Probe* probe : kBuilt) {
    if (probe->isa == isa && machine_runs(isa)) return probe;
  }
  return nullptr;
}

}  // namespace picovae::bench
