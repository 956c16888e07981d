// Where quantization loses: each layer alone as integers, in a model that is float otherwise.
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

// For each layer the negative ELBO, nats per image, of `network` with that layer alone taken from
// `quantized`: its inputs rounded to the integers that it wants, and its outputs to those that it
// gives before the activation. The noise is that of evaluate().
//   images   [count][pixels] u8, gray
//   kernels  run both kinds of layer: f32 and s8
std::array<double, kLayerCount> elbo_by_layer(const Network& network,
                                              const QuantizedNetwork& quantized,
                                              std::span<const std::uint8_t> images,
                                              const EvaluateOptions& options,
                                              const Kernels& kernels);

}  // namespace picovae::tools
