#include "tools/quantize/activation_costs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "tools/quantize/run_layer.hpp"

namespace picovae::tools {
namespace {

// exp(x) for x clamped to [-6, 2], to a percent: as integer models have it, equal on every machine.
// An x that is no number is -6.
float exponential(float x) {
  const float bounded = x > -6 ? std::min(x, 2.0F) : -6.0F;
  const float logvar = std::ldexp(2 * bounded, kLogvarBits);
  return std::ldexp(static_cast<float>(sigma_from_logvar(static_cast<std::int32_t>(logvar))),
                    -kSigmaBits);
}

// 1 / (1 + exp(-t)).
float logistic(float t) {
  const float root = exponential(-std::abs(t) / 2);
  const float e = root * root;
  return (t < 0 ? e : 1) / (1 + e);
}

// The curvature of the loss along mu. A trained posterior is as narrow as the loss is curved there.
float precision(float logvar) {
  const float sigma = exponential(logvar / 2);
  return 1 / (sigma * sigma);
}
constexpr float kLogvarCurvature = 0.5F;  // of (sigma^2 / its best value - logvar) / 2, at the best

// What errors of a layer's outputs cost, [rows][out].
//   costs   those of its activations; of a hidden layer
//   hidden  its activation
AlignedRows<float> output_costs(Layer index, Activation hidden, const AlignedRows<float>& outputs,
                                const AlignedRows<float>& costs) {
  AlignedRows<float> result(outputs.rows(), outputs.width());
  const std::size_t latent = outputs.width() / 2;
  for (std::size_t row = 0; row < outputs.rows(); ++row) {
    const float* t = outputs.row(row);
    float* cost = result.row(row);
    for (std::size_t j = 0; j < outputs.width(); ++j) {
      if (index == kEncoderHeads) {
        cost[j] = j < latent ? precision(t[latent + j]) : kLogvarCurvature;
      } else if (is_hidden_layer(index) && is_relu(hidden)) {
        cost[j] = t[j] > 0 ? costs.row(row)[j] : 0;
      } else {
        const float p = logistic(t[j]);  // a pixel; or the slope of softplus
        cost[j] = index == kDecoder2 ? p * (1 - p) : costs.row(row)[j] * p * p;
      }
    }
  }
  return result;
}

// Costs of a layer's outputs -> costs of its inputs: each output's reach them by weight^2.
FloatLayer to_inputs(const DenseWeights& layer, const Kernels& kernels) {
  DenseWeights back{layer.out, layer.in, {}, std::vector<float>(layer.in)};
  back.weight.resize(layer.weight.size());
  for (std::size_t j = 0; j < layer.out; ++j) {
    for (std::size_t i = 0; i < layer.in; ++i) {
      const float weight = layer.weight[j * layer.in + i];
      back.weight[i * layer.out + j] = weight * weight;
    }
  }
  return {back, kernels};
}

}  // namespace

LayerMatrices activation_costs(const Network& network, const LayerMatrices& outputs,
                               const Kernels& kernels, unsigned threads) {
  const std::array<DenseWeights, kLayerCount> layers = engine_layers(network);
  LayerMatrices costs;
  for (std::size_t l = kLayerCount; l-- > 0;) {
    if (l == kEncoder0 || l == kDecoder0 || outputs[l].rows() == 0) continue;  // no units before it
    costs[layer_before(dimensions_of(network), l)] =
        to_inputs(layers[l], kernels)
            .outputs(output_costs(static_cast<Layer>(l), network.activation, outputs[l], costs[l]),
                     threads);
  }
  return costs;
}

}  // namespace picovae::tools
