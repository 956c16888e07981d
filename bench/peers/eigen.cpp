// Eigen. Of the layouts of the weights, columns [in] of [out] was the faster one.
#include "matrix_peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

struct EigenProduct {
  EigenProduct(const Weights& weights, Eigen::Index) : weight(weights) {}

  void run(const MatrixXf& x, MatrixXf& y) const { y.noalias() = weight * x; }

  MatrixXf weight;
};

}  // namespace
}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

PICOVAE_MATRIX_PEER(eigen, EigenProduct)
