// OpenBLAS. Of the layouts of the weights, columns [in] of [out] was the faster one.
#include <cblas.h>

#include "matrix_peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

struct OpenBlasProduct {
  OpenBlasProduct(const Weights& weights, Eigen::Index) : weight(weights) {
    openblas_set_num_threads(1);
  }

  void run(const MatrixXf& x, MatrixXf& y) const {
    const auto out = static_cast<int>(weight.rows()), in = static_cast<int>(weight.cols());
    const auto batch = static_cast<int>(x.cols());
    if (batch == 1) {
      cblas_sgemv(CblasColMajor, CblasNoTrans, out, in, 1.0f, weight.data(), out, x.data(), 1, 0.0f,
                  y.data(), 1);
    } else {
      cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, out, batch, in, 1.0f, weight.data(),
                  out, x.data(), in, 0.0f, y.data(), out);
    }
  }

  MatrixXf weight;
};

}  // namespace
}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

PICOVAE_MATRIX_PEER(openblas, OpenBlasProduct)
