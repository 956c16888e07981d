#include "tools/base/isa.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

#include "tools/base/error.hpp"

namespace picovae::tools {

const Kernels& chosen_kernels() {
  const char* name = std::getenv("PICOVAE_ISA");
  if (name == nullptr || *name == '\0') {
    const Kernels& best = select_kernels();
#if defined(__x86_64__)
    if (best.isa == Isa::kSse2) return kSse2FmaKernels;
#endif
    return best;
  }
  std::string choices;
  for (const Kernels* kernels : built_kernels()) {
    const bool runs = machine_runs(kernels->isa);
    if (std::string_view{kernels->name} == name) {
      if (runs) return *kernels;
      fail("PICOVAE_ISA={}: this machine lacks that ISA; unset PICOVAE_ISA to use the best one",
           name);
    }
    if (runs) choices += (choices.empty() ? "" : ", ") + std::string{kernels->name};
  }
  fail("PICOVAE_ISA={}: no such ISA in this build; this machine runs {}", name, choices);
}

}  // namespace picovae::tools
