#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

#include "host/isa/avx2.hpp"
#include "tools/base/vector_ops_body.hpp"

namespace picovae::tools {

constinit const VectorOps kAvx2VectorOps = VectorOpsBody<Avx2>::kTable;

}  // namespace picovae::tools
