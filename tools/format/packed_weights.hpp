// One layer's arrays in the order of a layout (engine layout.hpp).
#pragma once

#include <cstddef>
#include <vector>

#include "picovae/layout.hpp"

namespace picovae::tools {

// weight [out][in] -> the layout's order. Padding counts as weights of zero.
template <typename T>
std::vector<T> packed_weights(Layout layout, Type type, std::size_t in, std::size_t out,
                              const std::vector<T>& weight) {
  std::vector<T> packed(packed_size(layout, type, in, out));
  const std::size_t padded_in = round_up(in, input_pad(layout, type));
  const std::size_t padded_out = packed.size() / padded_in;
  for (std::size_t output = 0; output < padded_out; ++output) {
    const bool offset = layout == Layout::kCortexM && output % 2 == 0;
    for (std::size_t input = 0; input < padded_in; ++input) {
      T value = output < out && input < in ? weight[output * in + input] : T{0};
      if (offset) value = static_cast<T>(static_cast<int>(value) + kCortexMOffset);
      packed[packed_index(layout, type, in, out, output, input)] = value;
    }
  }
  return packed;
}

// Biases, multipliers or rescales, filled up with zeros.
template <typename T>
std::vector<T> padded_outputs(std::vector<T> values) {
  values.resize(round_up(values.size(), kOutputPad));
  return values;
}

}  // namespace picovae::tools
