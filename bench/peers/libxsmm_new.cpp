// LIBXSMM from 2.0 on, from a folder that the user names: it dispatches otherwise than 1.17.
#include "blocked_product.hpp"
// After the standard headers: it undefines __STRICT_ANSI__, and theirs then clash.
#include <libxsmm.h>

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

struct LibxsmmNew {
  struct Kernel {
    libxsmm_gemmfunction function = nullptr;

    explicit operator bool() const { return function != nullptr; }
    void operator()(const float* a, const float* b, float* c) const {
      libxsmm_gemm_param param{};
      param.a.primary = const_cast<float*>(a);
      param.b.primary = const_cast<float*>(b);
      param.c.primary = c;
      function(&param);
    }
  };

  static Kernel generate(Eigen::Index m, Eigen::Index n, Eigen::Index k, Eigen::Index lda,
                         Eigen::Index ldb, Eigen::Index ldc) {
#if defined(__x86_64__) && !defined(__AVX512F__)
    libxsmm_set_target_archid(LIBXSMM_X86_AVX2);
#endif
    const auto shape = libxsmm_create_gemm_shape(
        static_cast<libxsmm_blasint>(m), static_cast<libxsmm_blasint>(n),
        static_cast<libxsmm_blasint>(k), static_cast<libxsmm_blasint>(lda),
        static_cast<libxsmm_blasint>(ldb), static_cast<libxsmm_blasint>(ldc), LIBXSMM_DATATYPE_F32,
        LIBXSMM_DATATYPE_F32, LIBXSMM_DATATYPE_F32, LIBXSMM_DATATYPE_F32);
    return {libxsmm_dispatch_gemm(shape, LIBXSMM_GEMM_FLAG_BETA_0, LIBXSMM_GEMM_PREFETCH_NONE)};
  }
};

}  // namespace
}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

PICOVAE_MATRIX_PEER(libxsmm_new, BlockedProduct<LibxsmmNew>)
