// The order of hidden units, which no output depends on: those whose weights are large together
// share groups of weights of 4 bits (engine s4.hpp), whose scales then fit.
#pragma once

#include <cstdint>
#include <span>

#include "picovae/kernels.hpp"
#include "tools/format/network.hpp"
#include "tools/quantize/quantize_network.hpp"

namespace picovae::tools {

// The same network with the decoder's hidden units in descending order of what they reach the next
// layer with, by weights and activations. Latents keep their places: codes and classes name them.
//   images   [count][pixels] u8, of the training set
//   kernels  run the model
Network order_units(const Network& network, std::span<const std::uint8_t> images,
                    const QuantizeOptions& options, const Kernels& kernels);

}  // namespace picovae::tools
