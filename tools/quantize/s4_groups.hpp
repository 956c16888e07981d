// The scales of a row's groups of weights of 4 bits (engine s4.hpp), before its weights are
// rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/quantize/least_squares.hpp"

namespace picovae::tools {

class S4Groups {
 public:
  S4Groups() = default;
  explicit S4Groups(const Moments& moments);  // of the layer's inputs

  // Chooses each group's scale for a row whose s8 weights are weight / scale: that of which the
  // weights, rounded to nearest, change the output least. Returns the variance of that change.
  //   weight  [in] in real units
  //   groups  [s4_groups(in)] out, 1..15
  double choose(std::span<const double> weight, double scale, std::span<std::uint8_t> groups) const;

  // The scale of a row at which the least changes.
  double best_scale(std::span<const double> weight) const;

 private:
  std::vector<double> variance_;  // [in]; a little more, so that none is 0
};

double largest_of(std::span<const double> weight);

}  // namespace picovae::tools
