#include "tools/quantize/activation_ranges.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "picovae/blob.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"
#include "tools/quantize/activation_costs.hpp"
#include "tools/quantize/calibration.hpp"
#include "tools/quantize/run_layer.hpp"

namespace picovae::tools {
namespace {

// Of the largest activation, in percent. The first of equal cost is taken.
constexpr int kWidest = 100, kNarrowest = 30, kApart = 5;
constexpr std::size_t kCandidates = (kWidest - kNarrowest) / kApart + 1;

constexpr double kPriorShare = 0.25;  // what a digit of the prior counts beside an image

// Units are raised until they reach this before the activation, 0.55 behind it, and at most by so
// much. More would leave the part of softplus that is like exp. Found by experiment.
constexpr double kReach = -0.3;
constexpr double kMostRaise = 0.5;

// One layer's activations, and what errors of them cost.
struct Samples {
  const AlignedRows<float>& activations;
  const AlignedRows<float>& costs;
  double share;
};

// Raises `largest` [units] to the largest of each column.
void update_largest(const AlignedRows<float>& samples, std::vector<double>& largest) {
  for (std::size_t row = 0; row < samples.rows(); ++row) {
    for (std::size_t i = 0; i < largest.size(); ++i) {
      largest[i] = std::max(largest[i], static_cast<double>(samples.row(row)[i]));
    }
  }
}

std::vector<double> raises(const AlignedRows<float>& seen, const AlignedRows<float>& drawn) {
  std::vector<double> raise(seen.width(), kReach - kMostRaise);  // the largest output, or this
  update_largest(seen, raise);
  update_largest(drawn, raise);
  for (double& value : raise) value = std::max(kReach - value, 0.0);
  return raise;
}

// Of each column, what minimizes |before - gain * after|^2; 1 if there is nothing.
std::vector<double> gains(const AlignedRows<float>& before, const AlignedRows<float>& after) {
  std::vector<double> products(before.width()), squares(before.width());
  for (std::size_t row = 0; row < before.rows(); ++row) {
    for (std::size_t i = 0; i < products.size(); ++i) {
      const double value = after.row(row)[i];
      products[i] += value * before.row(row)[i];
      squares[i] += value * value;
    }
  }
  for (std::size_t i = 0; i < products.size(); ++i) {
    products[i] = products[i] > 0 ? products[i] / squares[i] : 1;
  }
  return products;
}

// What rounding to steps of ranges / greatest costs each unit.
std::vector<double> rounding_costs(std::span<const Samples> all, std::span<const double> ranges,
                                   std::uint8_t greatest) {
  const std::size_t units = ranges.size();
  std::vector<float> step(units), inverse(units);
  for (std::size_t i = 0; i < units; ++i) {
    step[i] = static_cast<float>(ranges[i] / greatest);
    inverse[i] = step[i] > 0 ? 1 / step[i] : 0;  // a ReLU may never be above 0
  }
  const float most = greatest;
  std::vector<double> sums(units);
  for (const Samples& samples : all) {
    for (std::size_t row = 0; row < samples.activations.rows(); ++row) {
      const float* x = samples.activations.row(row);
      const float* cost = samples.costs.row(row);
      for (std::size_t i = 0; i < units; ++i) {
        const auto q = static_cast<std::int32_t>(std::min(most, x[i] * inverse[i] + 0.5F));
        const float error = x[i] - static_cast<float>(q) * step[i];
        sums[i] += samples.share * static_cast<double>(cost[i] * error * error);
      }
    }
  }
  return sums;
}

std::vector<double> best_ranges(std::span<const Samples> all, std::size_t units,
                                const RangeOptions& options) {
  std::vector<double> largest(units);
  for (const Samples& samples : all) update_largest(samples.activations, largest);
  std::array<std::vector<double>, kCandidates> ranges, costs;
  parallel_for(options.threads, kCandidates, [&](std::size_t c) {
    const double share = (kWidest - kApart * static_cast<int>(c)) / 100.0;
    for (const double value : largest) ranges[c].push_back(share * value);
    costs[c] = rounding_costs(all, ranges[c], options.greatest);
  });
  std::vector<double> best = largest;
  for (std::size_t i = 0; i < units; ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < kCandidates; ++c) {
      if (!(costs[c][i] < least)) continue;
      least = costs[c][i];
      best[i] = ranges[c][i];
    }
  }
  return best;
}

}  // namespace

std::array<UnitRanges, kLayerCount> choose_ranges(const Network& network,
                                                  std::span<const std::uint8_t> images,
                                                  const RangeOptions& options,
                                                  const Kernels& kernels) {
  Calibration calibration(
      network, images,
      {.images = options.images, .seed = options.seed, .threads = options.threads, .prior = true},
      kernels);
  LayerMatrices seen, drawn;  // outputs, then activations
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    Calibration::LayerTrace trace = calibration.next();
    seen[l] = std::move(trace.outputs);
    drawn[l] = std::move(trace.prior_outputs);
  }
  const LayerMatrices seen_costs = activation_costs(network, seen, kernels, options.threads);
  const LayerMatrices drawn_costs = activation_costs(network, drawn, kernels, options.threads);

  std::array<UnitRanges, kLayerCount> units;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    if (!is_hidden_layer(l) || !has_layer(dimensions_of(network), l)) continue;
    units[l].raise = is_relu(network.activation) ? std::vector<double>(seen[l].width())
                                                 : raises(seen[l], drawn[l]);
    AlignedRows<float> before = seen[l];
    apply_hidden(before, network.activation, kernels);
    for (AlignedRows<float>* samples : {&seen[l], &drawn[l]}) {
      raise_outputs(*samples, units[l].raise);
      apply_hidden(*samples, network.activation, kernels);
    }
    units[l].gain = gains(before, seen[l]);
    const Samples all[] = {{seen[l], seen_costs[l], 1}, {drawn[l], drawn_costs[l], kPriorShare}};
    units[l].range = best_ranges(all, seen[l].width(), options);
  }
  return units;
}

void raise_outputs(AlignedRows<float>& outputs, std::span<const double> raise, double times) {
  for (std::size_t row = 0; row < outputs.rows(); ++row) {
    for (std::size_t j = 0; j < raise.size(); ++j) {
      outputs.row(row)[j] += static_cast<float>(times * raise[j]);
    }
  }
}

}  // namespace picovae::tools
