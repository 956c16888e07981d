// The range of each hidden unit's activations, which its greatest integer stands for. A wide range
// is rounded coarsely, a narrow one cuts off more: that of least cost is between.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

struct RangeOptions {
  std::size_t images = 10'000;  // to choose by, as many as there are at most
  std::uint64_t seed = 1;       // of the latents
  unsigned threads = 1;         // does not change the result
};

// For each layer with softplus the ranges [out], at most the largest activation of images and of as
// many digits of the prior; empty for the others.
//   images   [count][pixels] u8, at least one
//   kernels  run the float model
std::array<std::vector<double>, kLayerCount> choose_ranges(const Network& network,
                                                           std::span<const std::uint8_t> images,
                                                           const RangeOptions& options,
                                                           const Kernels& kernels);

}  // namespace picovae::tools
