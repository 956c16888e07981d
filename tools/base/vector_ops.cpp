#include "tools/base/vector_ops.hpp"

#include "picovae_isas.hpp"

namespace picovae::tools {

#define PICOVAE_DECLARE(name, Type, floats, fused, bf16, s8) \
  namespace fused {                                          \
  extern const VectorOps kVectorOps;                         \
  }
PICOVAE_FOR_EACH_ISA(PICOVAE_DECLARE)

const VectorOps& vector_ops(Isa isa) {
  const VectorOps* last = nullptr;
#define PICOVAE_LOOK_UP(name, Type, floats, fused, bf16, s8) \
  last = &fused::kVectorOps;                                 \
  if (isa == Isa::k##Type) return *last;
  PICOVAE_FOR_EACH_ISA(PICOVAE_LOOK_UP)
  return *last;
}

}  // namespace picovae::tools
