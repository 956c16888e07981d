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

// The fixed-point fractions of a layer's outputs: 7 bits, but 12 of mu and 10 of logvar.
std::vector<int> output_bits(Layer index, std::size_t out);

inline constexpr int kSoftplusBits = 8;  // softplus is Q.8 before its rescale (requantize.hpp)

// Real value of one step of each integer input of a layer. A hidden layer's inputs follow from the
// rescales of the layer before it.
std::vector<double> input_steps(const QuantizedNetwork& network, Layer index);

// Rounds a layer, to s8 or to weights of 4 bits.
//   weight   [out][in], real output for each step of an integer input
//   moments  of the integer inputs and the real outputs to reproduce
//   damping  of the rounding (WeightRounder)
//   bits     of a weight: 8 or 4
//   greatest of hidden activations
// The scale of row j is exactly multiplier[j] / 2^(output bits + shifts). A row whose sums could
// leave their range, or whose weights have too large neighbors, gets a larger scale, or the layer
// smaller shifts. Biases correct the mean outputs. rescale is left empty. Fails if weights are too
// large for any scale.
QuantizedLayer quantize_layer(Layer index, std::span<const double> weight, const Moments& moments,
                              double damping, unsigned threads, int bits = 8,
                              std::uint8_t greatest = kMaxActivation);

// The largest sums over all legal inputs, proved from the weights (engine ranges.hpp).
struct Bounds {
  std::int64_t sum = 0;     // |sum over inputs of weight * input|
  std::int64_t scaled = 0;  // |(sum >> pre_shift) * multiplier + bias|
};

// The limits of both: verify_blob accepts these (and -2^31, one more below zero).
Bounds greatest_bounds(Layer index);

Bounds row_bounds(const QuantizedLayer& layer, Layer index, std::size_t output);

// The largest over the layer's rows.
Bounds layer_bounds(const QuantizedLayer& layer, Layer index);

}  // namespace picovae::tools
