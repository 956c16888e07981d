// Rounds a layer's weights to integers so that its outputs, not its weights, change least.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace picovae::tools {

inline constexpr int kMaxWeight = 127;  // |s8 weight|

// GPTQ (Frantar et al. 2022, Algorithm 1): weights are rounded one by one, and the error of each is
// made up for by those still to come, as the covariance of the inputs says. Inputs of large
// variance come first. One object serves all rows of a layer, and several threads.
class WeightRounder {
 public:
  //   covariance  [in][in] of the layer's inputs
  //   damping     share of the mean variance that is added to the diagonal; above 0
  WeightRounder(std::span<const double> covariance, std::size_t in, double damping);

  // One row: weight [in] in real units, q [in] out with weight ~ q * scale.
  void round(std::span<const double> weight, double scale, std::span<std::int8_t> q) const;

 private:
  std::size_t in_;
  std::vector<std::size_t> order_;  // input that is rounded at each step
  std::vector<double> upper_;       // [in][in]: U of inverse(covariance) = U^T U, in that order
};

}  // namespace picovae::tools
