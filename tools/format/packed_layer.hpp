// One layer packed for a target (engine layout.hpp): the arrays that the sections of a blob hold,
// and that a kernel reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// Every array ends with the padding that kernels may read; an address sanitizer sees reads beyond.
//   Weight  std::int8_t, float, or std::uint16_t for f16 and bf16
//   Bias    std::int32_t for s8, else float
template <typename Weight, typename Bias>
struct PackedLayer {
  static constexpr Type kType = sizeof(Weight) == 1   ? Type::kS8
                                : sizeof(Weight) == 2 ? Type::kF16  // bf16 is packed alike
                                                      : Type::kF32;

  std::size_t in, out;
  AlignedVector<Weight> weights;            // [packed_size()], in the order of the layout
  AlignedVector<Bias> bias;                 // [round_up(out, kOutputPad)], see add_shifted_biases
  AlignedVector<std::uint16_t> multiplier;  // as bias; s8 only
  AlignedVector<std::int16_t> rescale;      // as bias; s8 only, and only hidden layers read it
  std::uint8_t pre_shift = 0, post_shift = 0;
  bool wide_input = false, high_input = false;
  Activation activation = Activation::kIdentity;
  std::uint8_t greatest = kMaxActivation;

  // Packs weight [out][in]; all else is zero.
  //   high  high_input
  PackedLayer(Layout layout, std::size_t inputs, std::size_t outputs,
              std::span<const Weight> weight, bool high = false)
      : in(inputs),
        out(outputs),
        weights(packed_size(layout, kType, inputs, outputs)),
        bias(round_up(outputs, kOutputPad)),
        multiplier(kType == Type::kS8 ? bias.size() : 0),
        rescale(multiplier.size()),
        high_input(high) {
    pack_weights(layout, kType, high_input, in, out, weight.data(), weights.data());
  }

  // A view of this layer.
  Dense dense() const {
    const bool integer = kType == Type::kS8;
    const bool rescaled = integer && is_hidden(activation);
    return {.weights = weights.data(),
            .bias = bias.data(),
            .multiplier = integer ? multiplier.data() : nullptr,
            .rescale = rescaled ? rescale.data() : nullptr,
            .in = static_cast<std::uint16_t>(in),
            .out = static_cast<std::uint16_t>(out),
            .pre_shift = pre_shift,
            .post_shift = post_shift,
            .wide_input = wide_input,
            .s4 = false,
            .high_input = high_input,
            .activation = activation,
            .greatest = greatest,
            .shifted = static_cast<std::uint16_t>(multiplier.size())};
  }
};

using F32Layer = PackedLayer<float, float>;
using HalfLayer = PackedLayer<std::uint16_t, float>;
using S8Layer = PackedLayer<std::int8_t, std::int32_t>;

// Adds the second biases that a host's layer with high_input has (bias_rows). The layer is complete
// but for them.
//   weight  [out][in]
inline void add_shifted_biases(S8Layer& layer, std::span<const std::int8_t> weight) {
  std::vector<std::int32_t> shifted(layer.bias.size());
  for (std::size_t j = 0; j < layer.out; ++j) {
    const auto row = weight.subspan(j * layer.in, layer.in);
    const std::int32_t sum = std::accumulate(row.begin(), row.end(), std::int32_t{0});
    shifted[j] = shifted_bias(layer.bias[j], sum, layer.multiplier[j]);
  }
  layer.bias.insert(layer.bias.end(), shifted.begin(), shifted.end());
}

// Whether a layer's u8 inputs may be above kMaxActivation.
bool has_high_input(const QuantizedLayer& layer, Layer index);

// Of s8 weights, even if the layer's are of 4 bits: what they stand for.
//   hidden  the activation of the model's hidden layers; here and below
S8Layer pack_layer(const QuantizedLayer& layer, Layer index, Activation hidden, Layout layout);

// The weights of a layer that has weights of 4 bits, in the order of the layout (engine s4.hpp).
// Fails if a weight is no such multiple of its scale.
AlignedVector<std::uint8_t> pack_s4(const QuantizedLayer& layer, Layout layout);

// The content of a layer's golden section (engine self_test.hpp): an input, and the CRC of what the
// reference kernels make of it. The same in every layout.
std::vector<std::byte> golden_section(const QuantizedLayer& layer, Layer index, Activation hidden);

}  // namespace picovae::tools
