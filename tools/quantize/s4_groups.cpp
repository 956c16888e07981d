#include "tools/quantize/s4_groups.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "picovae/s4.hpp"

namespace picovae::tools {
namespace {

// Found by experiment.
constexpr double kLeastVarianceShare = 0.02;  // of the mean variance, that every input counts for
// Scales that are tried, in hundredths of that at which no weight is clipped.
constexpr int kFirstTried = 45, kLastTried = 115, kTriedStep = 5;

constexpr double kLeastScale = 1e-12;  // of a row of zeros

}  // namespace

double largest_of(std::span<const double> weight) {
  double largest = 0;
  for (const double w : weight) largest = std::max(largest, std::abs(w));
  return largest;
}

S4Groups::S4Groups(const Moments& moments) : variance_(moments.in) {
  const double more = kLeastVarianceShare * std::max(moments.mean_variance(), kLeastVariance);
  for (std::size_t k = 0; k < moments.in; ++k) {
    variance_[k] = moments.covariance[k * moments.in + k] + more;
  }
}

double S4Groups::choose(std::span<const double> weight, double scale,
                        std::span<std::uint8_t> groups) const {
  double total = 0;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const std::size_t first = group * kS4Group;
    const std::size_t end = std::min(weight.size(), first + kS4Group);
    double least = std::numeric_limits<double>::infinity();
    for (int candidate = 1; candidate <= kGreatestS4Scale; ++candidate) {
      const double step = scale * candidate;
      double error = 0;
      for (std::size_t k = first; k < end; ++k) {
        const double q =
            std::clamp(std::nearbyint(weight[k] / step), double{kLeastS4}, double{kGreatestS4});
        const double change = weight[k] - step * q;
        error += change * change * variance_[k];
      }
      if (error < least) {
        least = error;
        groups[group] = static_cast<std::uint8_t>(candidate);
      }
    }
    total += least;
  }
  return total;
}

double S4Groups::best_scale(std::span<const double> weight) const {
  const double whole = std::max(largest_of(weight) / (-kLeastS4 * kGreatestS4Scale), kLeastScale);
  std::vector<std::uint8_t> groups(s4_groups(weight.size()));
  double best = whole;
  double least = std::numeric_limits<double>::infinity();
  for (int percent = kFirstTried; percent <= kLastTried; percent += kTriedStep) {
    const double scale = whole * percent / 100;
    const double error = choose(weight, scale, groups);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

}  // namespace picovae::tools
