// Pixels that a model can do without: those that are hardly ever lit. Its decoder has a constant
// for them, its encoder does not look at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "picovae/kernels.hpp"
#include "tools/format/network.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// Of the nats, what outputs may cost; inputs get the rest. A pixel saves as much flash at either
// end, and is cheaper for the encoder.
inline constexpr double kOutputShare = 0.75;

struct PruneOptions {
  double nats = 0.01;           // that an image may cost more, on average; 0: nothing is pruned
  std::size_t images = 10'000;  // to measure with, as many as there are at most
  unsigned threads = 1;         // does not change the result
};

struct Pruned {
  // As before, but for weights: 0 where a pixel is dead. Its biases make up for that.
  Network network;
  LiveMasks live;
  double nats = 0;            // of negative ELBO that an image costs more, as measured
  double reconstruction = 0;  // the reconstruction's part of it
};

// Chooses dead pixels, at both ends, by what they cost training images.
//   images   [count][pixels] u8, at least one
//   kernels  run the model
Pruned prune(const Network& network, std::span<const std::uint8_t> images,
             const PruneOptions& options, const Kernels& kernels);

}  // namespace picovae::tools
