#include "tools/quantize/bounds.hpp"

#include <algorithm>

#include "picovae/blob.hpp"
#include "picovae/ranges.hpp"

namespace picovae::tools {
namespace {

std::int64_t magnitude(const SumRange& range) { return std::max(-range.lowest, range.highest); }

}  // namespace

Bounds greatest_bounds(Layer index) {
  return {sum_limits(has_wide_input(index)).highest, kScaledLimits.highest};
}

Bounds row_bounds(const QuantizedLayer& layer, Layer index, std::size_t output) {
  std::int32_t positive = 0;
  std::int32_t negative = 0;
  for (std::size_t k = 0; k < layer.in; ++k) {
    const std::int32_t weight = layer.weight[output * layer.in + k];
    (weight < 0 ? negative : positive) += weight;
  }
  const SumRange sum = sum_range(positive, negative, has_wide_input(index));
  return {magnitude(sum), magnitude(scaled_range(sum, layer.pre_shift, layer.multiplier[output],
                                                 layer.bias[output]))};
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
