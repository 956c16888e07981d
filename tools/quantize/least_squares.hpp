// A layer's weights by least squares, from the moments of many images: fitted to the float outputs,
// then rounded so that the outputs change least.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/kernels.hpp"
#include "tools/base/aligned.hpp"

namespace picovae::tools {

// Inputs are whole numbers: a smaller mean variance is a rounding error of zero.
inline constexpr double kLeastVariance = 1e-2;

// Mean and covariance of a layer's inputs x and of the outputs y to reproduce.
struct Moments {
  std::size_t in = 0, out = 0;
  std::vector<double> mean_x;      // [in]
  std::vector<double> mean_y;      // [out]
  std::vector<double> covariance;  // [in][in], of x
  std::vector<double> cross;       // [out][in], of y and x

  double mean_variance() const;  // of the inputs
};

// The moments of the first `count` rows. Where x holds whole numbers of 0..kMostActivation, the
// sums of their products are exact; the result never depends on the number of threads.
Moments compute_moments(const AlignedRows<float>& x, const AlignedRows<float>& y, std::size_t count,
                        const Kernels& kernels, unsigned threads);

// The rows w [out][in] that minimize E[(w x - y)^2] + lambda |w - prior|^2, x and y centered, where
// lambda is `ridge` times the mean variance of the inputs (ridge regression: Hoerl and Kennard
// 1970). Inputs that never vary keep the prior.
std::vector<double> fit_weights(const Moments& moments, std::span<const double> prior, double ridge,
                                unsigned threads);

inline constexpr int kMaxWeight = 127;  // |s8 weight|

// Of hidden activations, what quantization makes of them by default, and at most. More would be
// finer, and leave less to the weights (engine ranges.hpp): by experiment a loss.
inline constexpr std::uint8_t kMostActivation = 170;

// As GPTQ does (Frantar et al. 2022): weights are rounded one by one, and the error of each is
// made up for by those still to come, as the covariance of the inputs says. Inputs of large
// variance come first. One object serves all rows of a layer, and several threads.
class WeightRounder {
 public:
  //   covariance  [in][in] of the layer's inputs
  //   damping     share of the mean variance that is added to the diagonal; above 0
  WeightRounder(std::span<const double> covariance, std::size_t in, double damping);

  // One row: weight [in] in real units, q [in] out with weight ~ q * scale.
  //   groups  [s4_groups(in)]: q is this, of the input's group, times -8..7 (engine s4.hpp); or
  //           empty: q is -127..127
  void round(std::span<const double> weight, double scale, std::span<std::int8_t> q,
             std::span<const std::uint8_t> groups = {}) const;

 private:
  std::size_t in_;
  std::vector<std::size_t> order_;  // input that is rounded at each step
  std::vector<double> feedback_;    // [in][in]: what each one's error adds to those after it
};

}  // namespace picovae::tools
