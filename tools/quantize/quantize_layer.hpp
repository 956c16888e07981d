// One float layer -> one s8 layer of the integer contract (engine FORMAT.md), proved not to
// overflow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "picovae/shape.hpp"
#include "tools/format/quantized_network.hpp"
#include "tools/quantize/least_squares.hpp"

namespace picovae::tools {

// The fixed-point fractions of a layer's outputs: Q.7, but for mu and logvar.
std::vector<int> output_bits(Layer index, std::size_t out);

inline constexpr int kSoftplusBits = 8;  // softplus is Q.8 before its rescale (requantize.hpp)

// Real value of one step of a unit's integer activation, from its rescale.
double activation_step(std::int16_t rescale);

// Rounds a layer.
//   weight   [out][in], real output for each step of an integer input
//   moments  of the integer inputs and the real outputs wanted
//   damping  of the rounding (round_weights.hpp)
// The scale of row j is exactly multiplier[j] / 2^(output bits + shifts). A row whose sums could
// leave their range gets a larger scale, or the layer smaller shifts. Biases make the mean
// outputs right. rescale is left empty. Fails where weights are too large for any scale.
QuantizedLayer quantize_layer(Layer index, std::span<const double> weight, const Moments& moments,
                              double damping, unsigned threads);

}  // namespace picovae::tools
