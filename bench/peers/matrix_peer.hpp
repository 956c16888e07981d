// The network over a library's product of matrices, with Eigen's array functions for bias and
// activations. Each peer of this kind is a source that ends in PICOVAE_MATRIX_PEER.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <vector>

#include "activations.hpp"
#include "peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {

// A column for each image: in memory the same as rows of images.
using Eigen::MatrixXf;
// Weights as the network has them, out x in.
using Weights =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// Product is a layer without bias and activation, made for batches of one size:
//   Product(const Weights& weights, Eigen::Index batch)
//   void run(const MatrixXf& x, MatrixXf& y)  x [in][batch], y [out][batch] out
template <typename Product>
class MatrixPeer : public Contender {
 public:
  explicit MatrixPeer(const PeerSetup& setup) {
    const auto batch = static_cast<Eigen::Index>(setup.batch);
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const tools::DenseWeights& layer = setup.layers[i];
      const auto in = static_cast<Eigen::Index>(layer.in);
      const auto out = static_cast<Eigen::Index>(layer.out);
      products_.emplace_back(Weights(layer.weight.data(), out, in), batch);
      biases_[i] = Eigen::Map<const Eigen::VectorXf>(layer.bias.data(), out);
      y_[i].resize(out, batch);
    }
    const auto latent = static_cast<Eigen::Index>(setup.layers[kDecoder0].in);
    const auto pixels = static_cast<Eigen::Index>(setup.layers[kEncoder0].in);
    x_ = Eigen::Map<const MatrixXf>(setup.images.data(), pixels, batch);
    z_ = Eigen::Map<const MatrixXf>(setup.latents.data(), latent, batch);
    mu_.resize(latent, batch);
  }

  void run(Task task) override {
    if (task != Task::kDecode) {
      run_layer<Softplus>(kEncoder0, x_);
      run_layer<Softplus>(kEncoder1, y_[kEncoder0]);
      run_layer<Identity>(kEncoderHeads, y_[kEncoder1]);
    }
    if (task == Task::kDecode) {
      run_layer<Softplus>(kDecoder0, z_);
    } else if (task == Task::kForward) {
      mu_ = y_[kEncoderHeads].topRows(mu_.rows());
      run_layer<Softplus>(kDecoder0, mu_);
    }
    if (task != Task::kEncode) {
      run_layer<Softplus>(kDecoder1, y_[kDecoder0]);
      run_layer<Sigmoid>(kDecoder2, y_[kDecoder1]);
    }
  }

  std::vector<double> result(Task task) const override {
    const MatrixXf& y = y_[task == Task::kEncode ? kEncoderHeads : kDecoder2];
    return {y.data(), y.data() + y.size()};
  }

 private:
  template <typename Activation>
  void run_layer(std::size_t index, const MatrixXf& x) {
    MatrixXf& y = y_[index];
    const auto bias = biases_[index].array();
    products_[index].run(x, y);
    for (Eigen::Index image = 0; image < y.cols(); ++image) {
      y.col(image).array() = Activation::of(y.col(image).array() + bias);
    }
  }

  std::vector<Product> products_;  // indexed by Layer
  Eigen::VectorXf biases_[kLayerCount];
  MatrixXf x_, z_, mu_, y_[kLayerCount];
};

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

// Defines the function that PICOVAE_PEERS declares.
#define PICOVAE_MATRIX_PEER(name, Product)                         \
  namespace picovae::bench::PICOVAE_PEER_FLAGS {                   \
  std::unique_ptr<Contender> make_##name(const PeerSetup& setup) { \
    return std::make_unique<MatrixPeer<Product>>(setup);           \
  }                                                                \
  }
