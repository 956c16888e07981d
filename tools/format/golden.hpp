// Golden inputs of a layer and the CRC of its outputs, for the engine's self-test (self_test.hpp).
#pragma once

#include <cstddef>
#include <vector>

#include "picovae/shape.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// The content of the layer's golden section, computed by the reference kernels: the same in every
// layout.
std::vector<std::byte> golden_section(const QuantizedLayer& layer, Layer index);

}  // namespace picovae::tools
