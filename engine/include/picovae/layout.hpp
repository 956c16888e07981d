// The order of packed weights: one index formula for each layout, and packing by it. Kernels walk
// the same order without these functions.
//
// Outputs are cut into panels of kPanel columns (the last one kOutputPad wide if that suffices). A
// panel holds its columns side by side, input by input. All ISAs of hosts and every batch size read
// the same bytes.
//   host, f32    [panel][k][column]
//   host, s8     [panel][k / 4][column][k % 4]: four products an s32 lane
//   cortex-m, s8 [panel of 8][k / 4][k % 2][pair of outputs][k % 4 / 2][even, odd]
//   mve, s8      [panel of 8][k / 16][column][k % 16]: 16 inputs meet 16 weights of each output
//
// In cortex-m, inputs 0 and 2 are adjacent, then 1 and 3, because UXTB16 extracts bytes 0 and 2 of
// a word. Weights of even outputs have 128 added, so that a halfword is 256 * odd + (even + 128).
// In mve, layers with high_input have 128 added to all weights: their inputs are no s8, and Helium
// multiplies s8 by s8 or u8 by u8.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"

namespace picovae {

inline constexpr std::size_t kPanel = 32;        // output columns of a host panel
inline constexpr std::size_t kOutputPad = 16;    // outputs are padded to this in weights and bias
inline constexpr std::size_t kInputPad = 4;      // s8 inputs are padded to this
inline constexpr std::size_t kCortexMPanel = 8;  // output rows of a Cortex-M panel
inline constexpr int kCortexMOffset = 128;       // added to even outputs there
inline constexpr std::size_t kMvePanel = 8;      // output rows of an MVE panel
inline constexpr std::size_t kMveVector = 16;    // bytes of an MVE register
inline constexpr int kMveOffset = 128;           // added to weights of layers with high_input there

// A layer's inputs and outputs are padded to multiples of these.
constexpr std::size_t input_pad(Layout layout, Type type) {
  if (layout == Layout::kMve) return kMveVector;
  return type == Type::kS8 ? kInputPad : 1;
}

constexpr std::size_t output_pad(Layout layout) {
  return layout == Layout::kCortexM ? kCortexMPanel
         : layout == Layout::kMve   ? kMvePanel
                                    : kOutputPad;
}

// Elements of a layer's packed weights, padding included.
constexpr std::size_t packed_size(Layout layout, Type type, std::size_t in, std::size_t out) {
  return round_up(in, input_pad(layout, type)) * round_up(out, output_pad(layout));
}

// Index of weight [output][input] among them. Padding has indices too: outputs and inputs up to the
// padded sizes.
constexpr std::size_t packed_index(Layout layout, Type type, std::size_t in, std::size_t out,
                                   std::size_t output, std::size_t input) {
  if (layout == Layout::kCortexM) {
    const std::size_t panel = output / kCortexMPanel;
    const std::size_t pair = output % kCortexMPanel / 2;
    const std::size_t half = input / kInputPad * 2 + input % 2;
    return panel * kCortexMPanel * round_up(in, kInputPad) +
           ((half * (kCortexMPanel / 2) + pair) * 2 + input % kInputPad / 2) * 2 + output % 2;
  }
  if (layout == Layout::kMve) {
    const std::size_t panel = output / kMvePanel * kMvePanel * round_up(in, kMveVector);
    const std::size_t vector = input / kMveVector * kMvePanel + output % kMvePanel;
    return panel + vector * kMveVector + input % kMveVector;
  }
  const std::size_t group = type == Type::kS8 ? kInputPad : 1;
  const std::size_t first = output / kPanel * kPanel;
  const std::size_t left = round_up(out, kOutputPad) - first;
  const std::size_t width = left < kPanel ? left : kPanel;
  return first * round_up(in, group) + (input / group * width + (output - first)) * group +
         input % group;
}

// The byte that is stored for an s8 weight is its XOR with this, and the other way round. They
// differ in cortex-m's even outputs, and in mve if the layer has high_input: 128 is added modulo
// 256, padding included, which is the highest bit.
constexpr int stored_offset(Layout layout, bool high_input, std::size_t output) {
  const bool plus_128 =
      layout == Layout::kCortexM ? output % 2 == 0 : layout == Layout::kMve && high_input;
  return plus_128 ? -128 : 0;
}
constexpr std::int8_t stored_weight(Layout layout, bool high_input, std::size_t output,
                                    std::int8_t weight) {
  return static_cast<std::int8_t>(weight ^ stored_offset(layout, high_input, output));
}
constexpr std::int8_t logical_weight(Layout layout, bool high_input, std::size_t output,
                                     std::int8_t stored) {
  return stored_weight(layout, high_input, output, stored);
}

// Packs the weights of a layer.
//   T           std::int8_t, float, or std::uint16_t for f16 and bf16
//   high_input  the layer's (Dense)
//   weight      [out][in], logical order
//   packed      [packed_size(layout, type, in, out)] out; padding holds weights of zero
template <typename T>
constexpr void pack_weights(Layout layout, Type type, bool high_input, std::size_t in,
                            std::size_t out, const T* weight, T* packed) {
  const std::size_t padded_in = round_up(in, input_pad(layout, type));
  const std::size_t padded_out = round_up(out, output_pad(layout));
  for (std::size_t output = 0; output < padded_out; ++output) {
    for (std::size_t input = 0; input < padded_in; ++input) {
      T value = output < out && input < in ? weight[output * in + input] : T{};
      if constexpr (sizeof(T) == 1) value = stored_weight(layout, high_input, output, value);
      packed[packed_index(layout, type, in, out, output, input)] = value;
    }
  }
}

// Moves an integer layer on by its own `out` outputs, whole panels, to run another piece of it.
//   halves  half bytes of weights that an output has (s4.hpp)
inline void skip_outputs(Dense& layer, std::size_t halves) {
  layer.weights = static_cast<const std::int8_t*>(layer.weights) + layer.out * halves / 2;
  layer.bias = static_cast<const std::int32_t*>(layer.bias) + layer.out;
  layer.multiplier += layer.out;
  if (layer.rescale != nullptr) layer.rescale += layer.out;
}

}  // namespace picovae
