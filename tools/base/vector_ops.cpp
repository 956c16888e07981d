#include "tools/base/vector_ops.hpp"

namespace picovae::tools {

const VectorOps& vector_ops(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
    case Isa::kAvxVnni:
      return kAvx2VectorOps;
    case Isa::kAvx512:
    case Isa::kAvx512Vnni:
      return kAvx512VectorOps;
#endif
    default:
      return kPortableVectorOps;
  }
}

}  // namespace picovae::tools
