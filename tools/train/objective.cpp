#include "tools/train/objective.hpp"

#include <algorithm>

#include "tools/base/fixed_math.hpp"

namespace picovae::tools {

double log_density_ratio(std::span<const float> z, std::span<const float> eps,
                         std::span<const float> sigma) {
  double sum = 0;
  double product = 1;  // of sigmas: one logarithm for several
  for (std::size_t k = 0; k < z.size(); ++k) {
    const double a = z[k];
    const double e = eps[k];
    sum += 0.5 * (e * e - a * a);
    product *= static_cast<double>(sigma[k]);
    constexpr std::size_t kTogether = 32;  // sigma is from e^-7 to e^3: no overflow
    if (k % kTogether == kTogether - 1) {
      sum += fixed::log(product);
      product = 1;
    }
  }
  return sum + fixed::log(product);
}

double normalize_weights(std::span<double> log_weights) {
  const double largest = *std::max_element(log_weights.begin(), log_weights.end());
  double sum = 0;
  for (double& w : log_weights) {
    w = fixed::exp(w - largest);
    sum += w;
  }
  for (double& w : log_weights) w /= sum;
  return largest + fixed::log(sum / static_cast<double>(log_weights.size()));
}

}  // namespace picovae::tools
