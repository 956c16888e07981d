// What the integers of each hidden unit stand for.
//
// Its greatest integer is its range. A wide range is rounded coarsely, a narrow one cuts off more:
// that of least cost is between.
//
// The softplus of integer models comes in steps of 1/256 (requantize.hpp), too coarse for a unit
// that stays below one half. It is raised: something is added to it before the activation, where
// softplus is nearly exp, so that its activation is about a multiple of what it was. The next
// layer's weights, by least squares, make up for both. A ReLU, whose units are 0 there, is not
// raised.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/ranges.hpp"
#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

struct RangeOptions {
  std::size_t images = 10'000;             // to choose by, as many as there are at most
  std::uint64_t seed = 1;                  // of the latents
  unsigned threads = 1;                    // does not change the result
  std::uint8_t greatest = kMaxActivation;  // integer of a unit
};

// Of a hidden layer; empty of others.
struct UnitRanges {
  std::vector<double> raise;  // [out], added to outputs before the activation; 0 to 0.5; of ReLU 0
  std::vector<double> gain;   // [out], an activation as it was is about gain times the raised one
  std::vector<double> range;  // [out], of raised activations: at most the largest that was seen
};

// Chosen by images and as many digits of the prior.
//   images   [count][pixels] u8, at least one
//   kernels  run the float model
std::array<UnitRanges, kLayerCount> choose_ranges(const Network& network,
                                                  std::span<const std::uint8_t> images,
                                                  const RangeOptions& options,
                                                  const Kernels& kernels);

// Adds raise [out] to each row of a layer's outputs, `times` times; none if it is empty.
void raise_outputs(AlignedRows<float>& outputs, std::span<const double> raise, double times = 1);

}  // namespace picovae::tools
