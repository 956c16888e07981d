// The host's network as the engine sees it: six layers, the encoder's two heads as one.
#pragma once

#include <array>

#include "picovae/shape.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

// The sizes as the engine holds them. Fails where a layer is wider than the engine allows.
Dimensions dimensions_of(const Network& network);

// Indexed by picovae::Layer; the rows of kEncoderHeads are mu's, then logvar's.
std::array<DenseWeights, kLayerCount> engine_layers(const Network& network);

}  // namespace picovae::tools
