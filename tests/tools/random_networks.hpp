// Networks of random numbers, for tests that need a model and not a good one.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/shape.hpp"
#include "tools/model/network.hpp"
#include "tools/model/quantized_network.hpp"

namespace picovae::tests {

// std::mt19937's numbers are the same everywhere; the standard distributions' are not.
class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint32_t seed) : bits_(seed) {}

  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(bits_()) / 4294967296.0;
  }
  int integer(int low, int high) {  // both included
    return low + static_cast<int>(uniform(0, high - low + 1));
  }

 private:
  std::mt19937 bits_;
};

// Weights of a size that keeps outputs near one.
inline tools::Network random_network(const Dimensions& size, std::uint32_t seed) {
  RandomNumbers numbers(seed);
  tools::Network network;
  network.pixels = size.pixels;
  network.hidden1 = size.hidden1;
  network.hidden2 = size.hidden2;
  network.latent = size.latent;
  for (const tools::NetworkLayer& layer : tools::kNetworkLayers) {
    tools::DenseWeights& dense = network.*layer.weights;
    dense.in = network.*layer.in;
    dense.out = network.*layer.out;
    const double reach = std::sqrt(6.0 / static_cast<double>(dense.in + dense.out));
    for (std::size_t i = 0; i < dense.in * dense.out; ++i) {
      dense.weight.push_back(static_cast<float>(numbers.uniform(-reach, reach)));
    }
    for (std::size_t i = 0; i < dense.out; ++i) {
      dense.bias.push_back(static_cast<float>(numbers.uniform(-0.5, 0.5)));
    }
  }
  return network;
}

// Legal values everywhere; what it computes means nothing.
inline tools::QuantizedNetwork random_quantized_network(const Dimensions& size,
                                                        std::uint32_t seed) {
  RandomNumbers numbers(seed);
  tools::QuantizedNetwork network;
  network.dimensions = size;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    tools::QuantizedLayer& layer = network.layers[i];
    layer.in = layer_sizes(size)[i].in;
    layer.out = layer_sizes(size)[i].out;
    for (std::size_t k = 0; k < layer.in * layer.out; ++k) {
      layer.weight.push_back(static_cast<std::int8_t>(numbers.integer(-127, 127)));
    }
    for (std::size_t j = 0; j < layer.out; ++j) {
      layer.bias.push_back(numbers.integer(-1'000'000, 1'000'000));
      layer.multiplier.push_back(static_cast<std::uint16_t>(numbers.integer(1, kMaxMultiplier)));
      if (layer_activation(i) == Activation::kSoftplus) {
        layer.rescale.push_back(static_cast<std::int16_t>(numbers.integer(1, 32767)));
      }
    }
    layer.pre_shift = has_wide_input(i) ? 6 : 0;
    layer.post_shift = static_cast<std::uint8_t>(numbers.integer(10, 15));
  }
  return network;
}

}  // namespace picovae::tests
