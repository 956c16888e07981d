// An s8 model in logical order: what quantization makes, what packing lays out for a target.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/ranges.hpp"
#include "picovae/shape.hpp"

namespace picovae::tools {

// The integer contract of FORMAT.md: t = sat16(((sum >> pre_shift) * multiplier + bias) >>
// post_shift).
struct QuantizedLayer {
  std::size_t in = 0, out = 0;
  std::vector<std::int8_t> weight;        // [out][in], -127..127
  std::vector<std::int32_t> bias;         // [out], rounding included
  std::vector<std::uint16_t> multiplier;  // [out], 1..1023
  std::vector<std::int16_t> rescale;      // [out], 1..32767, hidden layers; else empty
  std::uint8_t pre_shift = 0, post_shift = 0;
  // [out][s4_groups(in)], 1..15: each weight is its group's scale times -8..7, and is stored so
  // (engine s4.hpp). Empty: s8.
  std::vector<std::uint8_t> scale{};
  // Of hidden activations, this layer's and those that it reads; the same in all layers.
  std::uint8_t greatest = kMaxActivation;
  // [out], how much outputs are above those of the float layer (activation_ranges.hpp); empty: they
  // are the same. In no blob.
  std::vector<double> raise{};
};

// The pixels that a model has (engine live.hpp). Empty vectors: all of them.
struct LiveMasks {
  std::vector<std::uint8_t> inputs;       // [pixels] 1 if the encoder reads it, or 0
  std::vector<std::uint8_t> outputs;      // [pixels] 1 if the decoder computes it, or 0
  std::vector<std::int16_t> dead_logits;  // Q8.7, of the other outputs in ascending order

  static std::size_t dead(const std::vector<std::uint8_t>& mask) {
    return static_cast<std::size_t>(std::count(mask.begin(), mask.end(), 0));
  }
  bool operator==(const LiveMasks&) const = default;
};

struct QuantizedNetwork {
  Dimensions dimensions{};
  // Indexed by picovae::Layer; heads: mu, logvar. Those at both ends have live pixels alone.
  std::array<QuantizedLayer, kLayerCount> layers;
  Activation activation = Activation::kSoftplus;  // of hidden layers
  LiveMasks live{};
  std::size_t columns = 0;  // of an image; 0 if not known
  // Sections of classes.hpp and of thresholds.hpp, or nothing: equal in every layout.
  std::vector<std::byte> classes{}, thresholds{};

  // Of hidden activations. Layers of a part that the model lacks do not count.
  std::uint8_t greatest() const {
    std::uint8_t most = kMaxActivation;
    for (const QuantizedLayer& layer : layers) most = std::max(most, layer.greatest);
    return most;
  }
};

}  // namespace picovae::tools
