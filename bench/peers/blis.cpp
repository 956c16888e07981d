// BLIS by its typed interface, whose names are no other library's.
#include <blis.h>

#include "matrix_peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

struct BlisProduct {
  BlisProduct(const Weights& weights, Eigen::Index) : weight(weights) {
    bli_thread_set_num_threads(1);
  }

  void run(const MatrixXf& x, MatrixXf& y) {
    const dim_t out = weight.rows(), in = weight.cols(), batch = x.cols();
    auto* from = const_cast<float*>(x.data());  // it has no const
    float one = 1, zero = 0;
    if (batch == 1) {
      bli_sgemv(BLIS_NO_TRANSPOSE, BLIS_NO_CONJUGATE, out, in, &one, weight.data(), 1, out, from, 1,
                &zero, y.data(), 1);
    } else {
      bli_sgemm(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, out, batch, in, &one, weight.data(), 1, out,
                from, 1, in, &zero, y.data(), 1, out);
    }
  }

  MatrixXf weight;  // columns [in] of [out]
};

}  // namespace
}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

PICOVAE_MATRIX_PEER(blis, BlisProduct)
