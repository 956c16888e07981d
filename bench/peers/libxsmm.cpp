// LIBXSMM 1.17: a kernel generated for each block.
#include <libxsmm.h>

#include "blocked_product.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

struct Libxsmm {
  using Kernel = libxsmm_smmfunction;

  static Kernel generate(Eigen::Index m, Eigen::Index n, Eigen::Index k, Eigen::Index lda,
                         Eigen::Index ldb, Eigen::Index ldc) {
#if defined(__x86_64__) && !defined(__AVX512F__)
    libxsmm_set_target_archid(LIBXSMM_X86_AVX2);
#endif
    const auto a = static_cast<libxsmm_blasint>(lda), b = static_cast<libxsmm_blasint>(ldb);
    const auto c = static_cast<libxsmm_blasint>(ldc);
    const float alpha = 1, beta = 0;
    const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_PREFETCH_NONE;
    return libxsmm_smmdispatch(static_cast<libxsmm_blasint>(m), static_cast<libxsmm_blasint>(n),
                               static_cast<libxsmm_blasint>(k), &a, &b, &c, &alpha, &beta, &flags,
                               &prefetch);
  }
};

}  // namespace
}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

PICOVAE_MATRIX_PEER(libxsmm, BlockedProduct<Libxsmm>)
