// The largest sums of an s8 layer over all legal inputs, proved from its weights (engine
// ranges.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/shape.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

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
