// A float network from a fuzzer's input: any small shape, any finite weights.
#pragma once

#include <cstddef>
#include <vector>

#include "picovae/kernels.hpp"
#include "tests/fuzz/input.hpp"
#include "tools/format/network.hpp"

namespace picovae::tests {

inline tools::Network any_floats(Input& input, std::size_t most_pixels, std::size_t most_units) {
  tools::Network network;
  network.pixels = input.size(1, most_pixels);
  network.hidden1 = input.size(1, most_units);
  network.hidden2 = input.size(0, most_units);
  network.latent = input.size(1, most_units);
  if (input.flag()) network.activation = Activation::kRelu;
  for (const tools::NetworkLayer& entry : tools::network_layers(network)) {
    tools::DenseWeights& layer = network.*entry.weights;
    layer.in = network.*entry.in;
    layer.out = network.*entry.out;
    // One value, or one each: inputs are short.
    const bool equal = (input.any<std::uint8_t>() & 7) == 7;
    const auto fill = [&](std::vector<float>& values, std::size_t count) {
      const float all = equal ? input.finite() : 0;
      for (std::size_t i = 0; i < count; ++i) values.push_back(equal ? all : input.finite());
    };
    fill(layer.weight, layer.in * layer.out);
    fill(layer.bias, layer.out);
  }
  return network;
}

}  // namespace picovae::tests
