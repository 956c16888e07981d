// What training images say about each pixel, whatever the model: how often it is lit, and what it
// costs to draw it as a constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace picovae::tools {

// Of each pixel in [0, 1].
struct PixelStatistics {
  std::size_t images;
  std::vector<double> mean, variance;
};

//   images  [count][pixels] u8, at least one
PixelStatistics statistics_of(std::span<const std::uint8_t> images, std::size_t pixels);

// The best constant for a pixel that is lit that often, and what it costs an image on average.
struct Constant {
  std::int16_t logit;  // Q8.7; half a pixel is added to those that are never lit
  double nats;
};

Constant constant_for(double mean, std::size_t images);

// How many pixels any model's decoder can surely do without: the constants of those that are lit
// least cost at most `nats` an image in all.
std::size_t count_dead_outputs(const PixelStatistics& pixels, double nats);

// How many of them its encoder can: as many, which is fewer than prune() finds, or all that are
// never lit.
std::size_t count_dead_inputs(const PixelStatistics& pixels, double nats);

}  // namespace picovae::tools
