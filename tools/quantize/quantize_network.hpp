// f32 -> s8 by calibration alone, layer by layer on the quantized inputs: per-unit activation
// ranges, least squares to the float outputs, rounding that makes up for its own errors (GPTQ),
// biases that correct the means. No training.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/format/network.hpp"
#include "tools/format/quantized_network.hpp"
#include "tools/quantize/least_squares.hpp"

namespace picovae::tools {

struct QuantizeOptions {
  std::size_t images = 20'000;              // calibration images, as many as there are at most
  std::uint64_t seed = 1;                   // of the latents drawn while calibrating
  unsigned threads = 1;                     // does not change the result
  int decoder_bits = 8;                     // of the decoder's weights: 8 or 4
  std::uint8_t greatest = kMostActivation;  // of hidden activations; kMaxActivation or this
  LiveMasks live{};  // prune.hpp's, of a network that has weights of 0 elsewhere
};

struct LayerReport {
  std::string_view name;
  double sqnr_db = 0;  // outputs before the activation against float ones, on held-out images
};

struct Quantized {
  QuantizedNetwork network;
  std::array<LayerReport, kLayerCount> layers;  // of one that is not there: no name
  std::size_t images = 0;                       // that calibration used
  std::size_t held_out = 0;                     // further ones, that the SQNR was measured on
};

//   images    [count][pixels] u8, of the training set
//   kernels   run both models; f32 and s8 are used, and the ISA's product
//   progress  called with the share of the work done, 0 to 1, from this thread
Quantized quantize_network(const Network& network, std::span<const std::uint8_t> images,
                           const QuantizeOptions& options, const Kernels& kernels,
                           const std::function<void(double)>& progress = {});

}  // namespace picovae::tools
