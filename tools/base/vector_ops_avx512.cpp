#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__) || !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma"
#endif

#include "host/isa/avx512.hpp"
#include "tools/base/vector_ops_body.hpp"

namespace picovae::tools {

constinit const VectorOps kAvx512VectorOps = VectorOpsBody<Avx512>::kTable;

}  // namespace picovae::tools
