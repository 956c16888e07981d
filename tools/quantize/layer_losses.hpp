// What quantization costs in each layer: one layer with integers, the others in float.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/format/network.hpp"
#include "tools/format/quantized_network.hpp"
#include "tools/measure/elbo.hpp"

namespace picovae::tools {

// For each layer the negative ELBO, nats per image, of `network` with that layer alone from
// `quantized`: its inputs are rounded to integers, and its outputs before the activation are the
// fixed-point ones. The noise is that of evaluate().
//   images   [count][pixels] u8, gray
//   kernels  run both kinds of layer: f32 and s8
std::array<double, kLayerCount> elbo_by_layer(const Network& network,
                                              const QuantizedNetwork& quantized,
                                              std::span<const std::uint8_t> images,
                                              const EvaluateOptions& options,
                                              const Kernels& kernels);

}  // namespace picovae::tools
