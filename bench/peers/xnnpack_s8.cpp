// XNNPACK's fully-connected operator in qs8_qc8w: s8 activations with a scale for each layer, s8
// weights with one for each output. Softplus and sigmoid are its table of 256 entries.
#include "xnnpack.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "activations.hpp"
#include "peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

using Eigen::MatrixXf;

// How s8 represent real numbers: real = step * (q - zero).
struct Scale {
  float step = 1;
  std::int8_t zero = 0;

  // Of the values from least to most, and zero.
  static Scale of(float least, float most) {
    least = std::min(least, 0.0f);
    most = std::max(most, least + 1e-6f);
    const float step = (most - least) / 255;
    return {step, static_cast<std::int8_t>(std::lround(-128 - least / step))};
  }
  static Scale symmetric(float largest) { return {largest / 127, 0}; }

  std::int8_t quantize(float real) const {
    const float q = std::nearbyint(real / step) + static_cast<float>(zero);
    return static_cast<std::int8_t>(std::clamp(q, -128.0f, 127.0f));
  }
  float real(std::int8_t q) const { return step * static_cast<float>(q - zero); }
};

// It may read so many bytes more than there are.
using Tensor = std::vector<std::int8_t>;
Tensor make_tensor(std::size_t count) { return Tensor(count + XNN_EXTRA_BYTES); }

Tensor quantize(const std::vector<float>& real, const Scale& scale) {
  Tensor result = make_tensor(real.size());
  std::ranges::transform(real, result.begin(), [&](float x) { return scale.quantize(x); });
  return result;
}

// A layer's operators, from x to y.
class Layer {
 public:
  Layer() = default;

  // sums scales what the activation takes.
  Layer(const tools::DenseWeights& layer, Activation activation, const Scale& input,
        const Scale& sums, const Scale& output, std::size_t batch)
      : size_(batch * layer.out) {
    std::vector<std::int8_t> weights;
    std::vector<std::int32_t> bias;
    std::vector<float> steps;
    for (std::size_t j = 0; j < layer.out; ++j) {
      const float* row = &layer.weight[j * layer.in];
      float largest = 1e-6f;
      for (std::size_t k = 0; k < layer.in; ++k) largest = std::max(largest, std::fabs(row[k]));
      const Scale scale = Scale::symmetric(largest);
      for (std::size_t k = 0; k < layer.in; ++k) weights.push_back(scale.quantize(row[k]));
      steps.push_back(scale.step);
      bias.push_back(
          static_cast<std::int32_t>(std::lround(layer.bias[j] / (scale.step * input.step))));
    }
    dense_ = make_operator([&](xnn_operator_t* made) {
      return xnn_create_fully_connected_nc_qs8_qc8w(
          layer.in, layer.out, layer.in, layer.out, input.zero, input.step, steps.data(),
          weights.data(), bias.data(), sums.zero, sums.step, -128, 127, 0, nullptr, made);
    });
    demand(xnn_reshape_fully_connected_nc_qs8_qc8w(dense_.get(), batch, nullptr));
    if (activation == Activation::kIdentity) return;
    std::int8_t table[256];
    for (int q = -128; q < 128; ++q) {
      const float x = sums.real(static_cast<std::int8_t>(q));
      const float y =
          activation == Activation::kSoftplus ? std::log1p(std::exp(x)) : 1 / (1 + std::exp(-x));
      table[static_cast<std::uint8_t>(q)] = output.quantize(y);
    }
    activation_ = make_operator([&](xnn_operator_t* made) {
      return xnn_create_unary_elementwise_nc(xnn_unary_invalid, xnn_datatype_qint8,
                                             xnn_datatype_qint8, nullptr, table, nullptr, nullptr,
                                             0, made);
    });
    demand(xnn_reshape_unary_elementwise_nc(activation_.get(), batch, layer.out, layer.out,
                                            layer.out, nullptr));
  }

  void run(const std::int8_t* x, std::int8_t* y) const {
    xnn_setup_fully_connected_nc_qs8_qc8w(dense_.get(), x, y);
    xnn_run_operator(dense_.get(), nullptr);
    if (!activation_) return;
    xnn_setup_unary_elementwise_nc(activation_.get(), y, y);
    xnn_run_operator(activation_.get(), nullptr);
  }

  std::size_t size() const { return size_; }

 private:
  Operator dense_, activation_;
  std::size_t size_ = 0;
};

constexpr Activation activation_of(std::size_t layer) {
  return layer == kDecoder2 ? Activation::kSigmoid : layer_activation(layer, Activation::kSoftplus);
}

class XnnpackS8 : public Contender {
 public:
  explicit XnnpackS8(const PeerSetup& setup)
      : batch_(setup.batch), latent_(setup.layers[kDecoder0].in), pixels_(setup.layers[0].in) {
    calibrate(setup);
    x_ = quantize(setup.images, kPixelScale);
    z_ = quantize(setup.latents, outputs_[kEncoderHeads]);
    mu_ = make_tensor(z_.size());
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const Scale& input = i == kEncoder0 ? kPixelScale : outputs_[i - 1];
      layers_[i] = Layer(setup.layers[i], activation_of(i), input, sums_[i], outputs_[i], batch_);
      y_[i] = make_tensor(layers_[i].size());
    }
  }

  void run(Task task) override {
    if (task != Task::kDecode) {
      run_layer(kEncoder0, x_);
      run_layer(kEncoder1, y_[kEncoder0]);
      run_layer(kEncoderHeads, y_[kEncoder1]);
    }
    if (task == Task::kForward) {
      for (std::size_t row = 0; row < batch_; ++row) {
        std::copy_n(&y_[kEncoderHeads][row * 2 * latent_], latent_, &mu_[row * latent_]);
      }
    }
    if (task != Task::kEncode) {
      run_layer(kDecoder0, task == Task::kDecode ? z_ : mu_);
      run_layer(kDecoder1, y_[kDecoder0]);
      run_layer(kDecoder2, y_[kDecoder1]);
    }
  }

  std::vector<double> result(Task task) const override {
    const std::size_t layer = task == Task::kEncode ? kEncoderHeads : kDecoder2;
    std::vector<double> real;
    for (std::size_t i = 0; i < layers_[layer].size(); ++i) {
      real.push_back(static_cast<double>(outputs_[layer].real(y_[layer][i])));
    }
    return real;
  }

 private:
  static constexpr Scale kPixelScale{1.0f / 255, -128};

  void run_layer(std::size_t index, const Tensor& x) {
    layers_[index].run(x.data(), y_[index].data());
  }

  // The scales, from what the network in f32 makes of the inputs. z has that of the heads: mu is
  // taken as it is.
  void calibrate(const PeerSetup& setup) {
    using Rows =
        Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
    const auto images = static_cast<Eigen::Index>(std::min(batch_, Subject::kDistinct));
    const auto latent = static_cast<Eigen::Index>(latent_);
    MatrixXf x =
        Eigen::Map<const MatrixXf>(setup.images.data(), static_cast<Eigen::Index>(pixels_), images);
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const tools::DenseWeights& layer = setup.layers[i];
      if (i == kDecoder0) {
        MatrixXf both(latent, 2 * images);
        both << x.topRows(latent), Eigen::Map<const MatrixXf>(setup.latents.data(), latent, images);
        x = both;
      }
      const auto in = static_cast<Eigen::Index>(layer.in),
                 out = static_cast<Eigen::Index>(layer.out);
      x = (Rows(layer.weight.data(), out, in) * x).eval();
      x.colwise() += Eigen::Map<const Eigen::VectorXf>(layer.bias.data(), out);
      sums_[i] = Scale::of(x.minCoeff(), x.maxCoeff());
      if (i == kEncoderHeads) {
        float largest = x.cwiseAbs().maxCoeff();
        for (const float z : setup.latents) largest = std::max(largest, std::fabs(z));
        outputs_[i] = sums_[i] = Scale::symmetric(largest);
      } else if (i == kDecoder2) {
        outputs_[i] = kPixelScale;
      } else {
        x = Softplus::of(x.array()).matrix().eval();
        outputs_[i] = Scale::of(0, x.maxCoeff());
      }
    }
  }

  std::size_t batch_, latent_, pixels_;
  Scale sums_[kLayerCount], outputs_[kLayerCount];
  Tensor x_, z_, mu_, y_[kLayerCount];
  Layer layers_[kLayerCount];
};

}  // namespace

std::unique_ptr<Contender> make_xnnpack_s8(const PeerSetup& setup) {
  if (kLimited) return nullptr;  // it takes the processor's best kernels
  return std::make_unique<XnnpackS8>(setup);
}

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS
