// Vectors that every processor of the target has: SSE2 on x86-64, NEON on arm64.
#include <cstdint>

#include "tools/base/vector_ops_body.hpp"

namespace picovae::tools {
namespace {

struct Portable {
  using Floats = xsimd::batch<float>;
  using Ints = xsimd::batch<std::int32_t>;
  PICOVAE_INLINE static Floats multiply_add(Floats a, Floats b, Floats c) {
    return xsimd::fma(a, b, c);
  }
};

}  // namespace

constinit const VectorOps kPortableVectorOps = VectorOpsBody<Portable>::kTable;

}  // namespace picovae::tools
