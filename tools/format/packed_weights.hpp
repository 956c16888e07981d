// One layer's arrays in the order of a layout (engine layout.hpp).
#pragma once

#include <cstddef>
#include <vector>

#include "picovae/layout.hpp"

namespace picovae::tools {

// weight [out][in] -> the layout's order, padded with zeros.
template <typename T>
std::vector<T> packed_weights(Layout layout, Type type, std::size_t in, std::size_t out,
                              const std::vector<T>& weight) {
  std::vector<T> packed(packed_size(layout, type, in, out));
  pack_weights(layout, type, in, out, weight.data(), packed.data());
  return packed;
}

// Biases, multipliers or rescales, filled up with zeros.
template <typename T>
std::vector<T> padded_outputs(std::vector<T> values) {
  values.resize(round_up(values.size(), kOutputPad));
  return values;
}

}  // namespace picovae::tools
