#include "tools/measure/signature.hpp"

#include "tools/base/built_shape.hpp"

namespace picovae::tools {

Signatures compute_signatures(const BlobBytes& blob, const Kernels& kernels) {
  return compute_signatures_of<BuiltShape>(blob, kernels);
}

}  // namespace picovae::tools
