// Models with random weights, in logical order, whose values spread over the whole range of every
// format: hidden units are 0 in places and saturate in others, logits come in both signs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/classes.hpp"
#include "picovae/s4.hpp"
#include "picovae/shape.hpp"
#include "tests/engine/fitted_weights.hpp"
#include "tools/format/network.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tests {

// Numbers that are equal on every machine, which those of the standard's distributions are not.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}

  // Uniform on lowest .. highest.
  std::int32_t between(std::int32_t lowest, std::int32_t highest) {
    const auto count = static_cast<std::uint64_t>(std::int64_t{highest} - lowest + 1);
    const std::uint64_t word = static_cast<std::uint32_t>(engine_());
    return static_cast<std::int32_t>(lowest + static_cast<std::int64_t>(word * count >> 32));
  }

  // Uniform on [low, high).
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_()) / 4294967296.0;
  }

  // Uniform on [-limit, limit].
  float real(float limit) { return limit * static_cast<float>(between(-4096, 4096)) / 4096.0f; }

 private:
  std::mt19937 engine_;
};

// An s8 layer whose pre-activations spread by about `spread` units of the layer's fixed point.
inline tools::QuantizedLayer random_layer(LayerSize size, bool wide_input, bool hidden,
                                          double spread, Dice& dice) {
  tools::QuantizedLayer layer;
  layer.in = size.in;
  layer.out = size.out;
  for (std::size_t i = 0; i < layer.in * layer.out; ++i) {
    layer.weight.push_back(static_cast<std::int8_t>(dice.between(-127, 127)));
  }
  // Sums are halved until no input can push the scaled sum beyond 2^30.
  const double reach =
      static_cast<double>(layer.in) * 127 * (wide_input ? kMaxLatent : kMaxActivation);
  while (std::ldexp(reach * kMaxMultiplier, -layer.pre_shift) > 1 << 30) ++layer.pre_shift;
  const double typical = std::sqrt(static_cast<double>(layer.in)) * 73 * (wide_input ? 1024 : 73) *
                         640 / std::ldexp(1.0, layer.pre_shift);
  while (std::ldexp(typical, -layer.post_shift - 1) > spread) ++layer.post_shift;
  const auto bias_reach = static_cast<std::int32_t>(std::ldexp(spread, layer.post_shift));
  for (std::size_t j = 0; j < layer.out; ++j) {
    layer.bias.push_back(dice.between(-bias_reach, bias_reach));
    layer.multiplier.push_back(static_cast<std::uint16_t>(dice.between(256, kMaxMultiplier)));
    if (hidden) layer.rescale.push_back(static_cast<std::int16_t>(dice.between(1500, 6000)));
  }
  return layer;
}

inline tools::QuantizedNetwork random_quantized_network(Dimensions dimensions, std::uint32_t seed) {
  tools::QuantizedNetwork network{.dimensions = dimensions, .layers = {}};
  Dice dice(seed);
  const auto sizes = layer_sizes(dimensions);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(dimensions, i)) continue;
    const double spread = i == kEncoderHeads ? 6000 : i == kDecoder2 ? 400 : 600;
    network.layers[i] = random_layer(sizes[i], has_wide_input(i), is_hidden_layer(i), spread, dice);
  }
  return network;
}

// Gives a layer other weights, of 4 bits.
inline void make_s4(tools::QuantizedLayer& layer, Dice& dice) {
  const std::size_t groups = s4_groups(layer.in);
  layer.scale.clear();
  for (std::size_t i = 0; i < layer.out * groups; ++i) {
    layer.scale.push_back(static_cast<std::uint8_t>(dice.between(1, kGreatestS4Scale)));
  }
  for (std::size_t i = 0; i < layer.weight.size(); ++i) {
    const int scale = layer.scale[i / layer.in * groups + i % layer.in / kS4Group];
    layer.weight[i] = static_cast<std::int8_t>(scale * dice.between(kLeastS4, kGreatestS4));
  }
}

// Makes a model one whose hidden activations go to `greatest`, above 127: other weights where these
// are beyond what kernels can multiply by such inputs, and multipliers that need no pre-shift.
inline void make_high(tools::QuantizedNetwork& network, std::uint8_t greatest) {
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    tools::QuantizedLayer& layer = network.layers[i];
    layer.greatest = greatest;
    if (!has_hidden_input(i)) continue;
    const std::size_t groups = s4_groups(layer.in);
    fit_weights(layer.weight.data(), layer.in, layer.out, greatest,
                [&](std::size_t output, std::size_t group) {
                  const std::size_t of_s4 = output * groups + group * kInputPad / kS4Group;
                  return layer.scale.empty() ? 1 : layer.scale[of_s4];
                });
    // As random_layer's pre-shift would have it; the post-shift makes up for what is left.
    const auto most = static_cast<std::int32_t>(std::ldexp(1.0, 30) /
                                                (static_cast<double>(layer.in) * 96 * greatest));
    for (std::uint16_t& multiplier : layer.multiplier) {
      multiplier = static_cast<std::uint16_t>(
          std::clamp(multiplier >> layer.pre_shift, 1, std::min(most, kMaxMultiplier)));
    }
    layer.pre_shift = 0;
  }
}

inline tools::QuantizedNetwork random_high_network(Dimensions dimensions, std::uint32_t seed,
                                                   std::uint8_t greatest = kHighActivations[0]) {
  tools::QuantizedNetwork network = random_quantized_network(dimensions, seed);
  make_high(network, greatest);
  return network;
}

// A model whose decoder has weights of 4 bits.
inline tools::QuantizedNetwork random_s4_network(Dimensions dimensions, std::uint32_t seed) {
  tools::QuantizedNetwork network = random_quantized_network(dimensions, seed);
  Dice dice(seed + 1);
  for (const Layer layer : {kDecoder0, kDecoder1, kDecoder2}) {
    if (has_layer(dimensions, layer)) make_s4(network.layers[layer], dice);
  }
  return network;
}

// The section of class priors with these labels, over every `step`th latent, whose draws reach the
// clamp now and then.
inline std::vector<std::byte> random_class_section(std::size_t latent, std::size_t step,
                                                   const std::vector<std::uint8_t>& labels,
                                                   std::uint32_t seed) {
  Dice dice(seed);
  const std::size_t units = (latent + step - 1) / step;
  std::vector<std::byte> section(class_section_size(labels.size(), units));
  const ClassHeader header{static_cast<std::uint8_t>(labels.size()), 6,
                           static_cast<std::uint16_t>(units), 0};
  std::byte* end = section.data();
  const auto put = [&end](const auto& value) {
    std::memcpy(end, &value, sizeof(value));
    end += sizeof(value);
  };
  put(header);
  for (std::size_t i = 0; i < units; ++i) put(static_cast<std::uint16_t>(i * step));
  for (std::size_t i = 0; i < labels.size() * units; ++i) {
    put(static_cast<std::int16_t>(dice.between(-6000, 6000)));
  }
  for (const std::uint8_t label : labels) put(label);
  while (end != section.data() + section.size()) {
    put(static_cast<std::int8_t>(dice.between(-128, 127)));
  }
  return section;
}

// Weights reach `gain` / sqrt(in): 3 makes outputs spread, 1.7 keeps them near one.
inline tools::Network random_network(Dimensions dimensions, std::uint32_t seed, float gain = 3.0f) {
  tools::Network network;
  network.pixels = dimensions.pixels;
  network.hidden1 = dimensions.hidden1;
  network.hidden2 = dimensions.hidden2;
  network.latent = dimensions.latent;
  Dice dice(seed);
  for (const tools::NetworkLayer& entry : tools::network_layers(network)) {
    tools::DenseWeights& layer = network.*entry.weights;
    layer.in = network.*entry.in;
    layer.out = network.*entry.out;
    const float limit = gain / std::sqrt(static_cast<float>(layer.in));
    for (std::size_t i = 0; i < layer.in * layer.out; ++i) layer.weight.push_back(dice.real(limit));
    for (std::size_t j = 0; j < layer.out; ++j) layer.bias.push_back(dice.real(0.5f));
  }
  return network;
}

}  // namespace picovae::tests
