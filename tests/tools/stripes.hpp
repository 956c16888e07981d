// What tests of training train: a small network on small images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/random.hpp"
#include "picovae/shape.hpp"
#include "tools/format/network.hpp"

namespace picovae::tests {

inline constexpr Dimensions kSmall{64, 20, 16, 4};

// Images of 8 x 8 pixels: two bright columns among eight, and some noise.
inline std::vector<std::uint8_t> stripes(std::size_t count) {
  std::vector<std::uint32_t> words(count * 65);
  uniforms(3, Purpose::kUserDefined, 0, 0, words.data(), words.size());
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t* word = &words[i * 65];
    for (std::uint32_t p = 0; p < 64; ++p) {
      const bool bright = (p - word[64]) % 8 < 2;
      images.push_back(static_cast<std::uint8_t>(bright ? 255 - word[p] % 60 : word[p] % 40));
    }
  }
  return images;
}

// The weights and biases of a network, one after the other.
inline std::vector<float> all_values(const tools::Network& network) {
  std::vector<float> values;
  for (const tools::NetworkLayer& layer : tools::kNetworkLayers) {
    const tools::DenseWeights& dense = network.*layer.weights;
    values.insert(values.end(), dense.weight.begin(), dense.weight.end());
    values.insert(values.end(), dense.bias.begin(), dense.bias.end());
  }
  return values;
}

}  // namespace picovae::tests
