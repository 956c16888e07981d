// Eigen, and OpenBLAS with Eigen's array functions. PICOVAE_PEER_FLAGS names the flags of this
// compilation.
#include <cblas.h>

#include <Eigen/Dense>

#include "peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

using Eigen::ArrayBase;
using Eigen::MatrixXf;
using Eigen::Ref;
using Eigen::VectorXf;

// A column for each image: in memory the same as rows of images. Of the layouts of the weights,
// columns [in] of [out] was the faster one for both libraries.
struct Layer {
  MatrixXf weight;  // out x in
  VectorXf bias;
};

struct EigenProduct {
  static void run(const MatrixXf& weight, const Ref<const MatrixXf>& x, MatrixXf& y) {
    y.noalias() = weight * x;
  }
};

struct OpenBlasProduct {
  static void run(const MatrixXf& weight, const Ref<const MatrixXf>& x, MatrixXf& y) {
    const auto out = static_cast<int>(weight.rows()), in = static_cast<int>(weight.cols());
    const auto batch = static_cast<int>(x.cols());
    if (batch == 1) {
      cblas_sgemv(CblasColMajor, CblasNoTrans, out, in, 1.0f, weight.data(), out, x.data(), 1, 0.0f,
                  y.data(), 1);
    } else {
      cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, out, batch, in, 1.0f, weight.data(),
                  out, x.data(), static_cast<int>(x.outerStride()), 0.0f, y.data(), out);
    }
  }
};

// Both forms are vectorized by Eigen; a broadcast of the bias over a whole matrix would not be.
struct Softplus {
  template <typename T>
  static auto of(const ArrayBase<T>& x) {
    return x.max(0.0f) + (-x.abs()).exp().log1p();
  }
};
struct Sigmoid {
  template <typename T>
  static auto of(const ArrayBase<T>& x) {
    return x.logistic();
  }
};
struct Identity {
  template <typename T>
  static const T& of(const ArrayBase<T>& x) {
    return x.derived();
  }
};

template <typename Product>
class MatrixPeer : public Contender {
 public:
  explicit MatrixPeer(const PeerSetup& setup) {
    using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto batch = static_cast<Eigen::Index>(setup.batch);
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const tools::DenseWeights& layer = setup.layers[i];
      const auto in = static_cast<Eigen::Index>(layer.in);
      const auto out = static_cast<Eigen::Index>(layer.out);
      layers_[i].weight = Eigen::Map<const RowMajor>(layer.weight.data(), out, in);
      layers_[i].bias = Eigen::Map<const VectorXf>(layer.bias.data(), out);
      y_[i].resize(out, batch);
    }
    x_ = Eigen::Map<const MatrixXf>(setup.images.data(), layers_[kEncoder0].weight.cols(), batch);
    z_ = Eigen::Map<const MatrixXf>(setup.latents.data(), layers_[kDecoder0].weight.cols(), batch);
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
      run_layer<Softplus>(kDecoder0, y_[kEncoderHeads].topRows(z_.rows()));
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
  void run_layer(std::size_t index, const Ref<const MatrixXf>& x) {
    MatrixXf& y = y_[index];
    const auto bias = layers_[index].bias.array();
    Product::run(layers_[index].weight, x, y);
    for (Eigen::Index image = 0; image < y.cols(); ++image) {
      y.col(image).array() = Activation::of(y.col(image).array() + bias);
    }
  }

  Layer layers_[kLayerCount];
  MatrixXf x_, z_, y_[kLayerCount];
};

}  // namespace

std::unique_ptr<Contender> make_eigen(const PeerSetup& setup) {
  return std::make_unique<MatrixPeer<EigenProduct>>(setup);
}

std::unique_ptr<Contender> make_openblas(const PeerSetup& setup) {
  openblas_set_num_threads(1);
  return std::make_unique<MatrixPeer<OpenBlasProduct>>(setup);
}

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS
