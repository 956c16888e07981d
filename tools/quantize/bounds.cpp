#include "tools/quantize/bounds.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "picovae/blob.hpp"

namespace picovae::tools {

Bounds greatest_bounds(Layer index) {
  constexpr std::int64_t kS32 = std::numeric_limits<std::int32_t>::max();
  return {has_wide_input(index) ? kS32 : kMaxNarrowSum, kS32};
}

Bounds row_bounds(const QuantizedLayer& layer, Layer index, std::size_t output) {
  std::int64_t positive = 0;
  std::int64_t negative = 0;
  for (std::size_t k = 0; k < layer.in; ++k) {
    const std::int64_t weight = layer.weight[output * layer.in + k];
    (weight < 0 ? negative : positive) += weight;
  }
  // A narrow input is 0..127, a wide one has a sign.
  const bool wide = has_wide_input(index);
  const std::int64_t highest =
      wide ? (positive - negative) * kMaxLatent : positive * kMaxActivation;
  const std::int64_t lowest = wide ? -highest : negative * kMaxActivation;
  const auto scaled = [&](std::int64_t sum) {
    return std::abs((sum >> layer.pre_shift) * layer.multiplier[output] + layer.bias[output]);
  };
  return {std::max(highest, -lowest), std::max(scaled(highest), scaled(lowest))};
}

Bounds layer_bounds(const QuantizedLayer& layer, Layer index) {
  Bounds bounds;
  for (std::size_t output = 0; output < layer.out; ++output) {
    const Bounds row = row_bounds(layer, index, output);
    bounds = {std::max(bounds.sum, row.sum), std::max(bounds.scaled, row.scaled)};
  }
  return bounds;
}

}  // namespace picovae::tools
