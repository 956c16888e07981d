#include "tools/quantize/activation_ranges.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "picovae/blob.hpp"
#include "picovae/ranges.hpp"
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

// One layer's activations, and what errors of them cost.
struct Samples {
  const AlignedRows<float>& activations;
  const AlignedRows<float>& costs;
  double share;
};

std::vector<double> largest_of(std::span<const Samples> all, std::size_t units) {
  std::vector<double> largest(units);
  for (const Samples& samples : all) {
    for (std::size_t row = 0; row < samples.activations.rows(); ++row) {
      const float* x = samples.activations.row(row);
      for (std::size_t i = 0; i < units; ++i) {
        largest[i] = std::max(largest[i], static_cast<double>(x[i]));
      }
    }
  }
  return largest;
}

// What rounding to steps of ranges / kMaxActivation costs each unit.
std::vector<double> rounding_costs(std::span<const Samples> all, std::span<const double> ranges) {
  const std::size_t units = ranges.size();
  std::vector<float> step(units), inverse(units);
  for (std::size_t i = 0; i < units; ++i) {
    step[i] = static_cast<float>(ranges[i] / kMaxActivation);
    inverse[i] = 1 / step[i];
  }
  constexpr float kMost = kMaxActivation;
  std::vector<double> sums(units);
  for (const Samples& samples : all) {
    for (std::size_t row = 0; row < samples.activations.rows(); ++row) {
      const float* x = samples.activations.row(row);
      const float* cost = samples.costs.row(row);
      for (std::size_t i = 0; i < units; ++i) {
        const auto q = static_cast<std::int32_t>(std::min(kMost, x[i] * inverse[i] + 0.5F));
        const float error = x[i] - static_cast<float>(q) * step[i];
        sums[i] += samples.share * static_cast<double>(cost[i] * error * error);
      }
    }
  }
  return sums;
}

std::vector<double> best_ranges(std::span<const Samples> all, std::size_t units, unsigned threads) {
  const std::vector<double> largest = largest_of(all, units);
  std::array<std::vector<double>, kCandidates> ranges, costs;
  parallel_for(threads, kCandidates, [&](std::size_t c) {
    const double share = (kWidest - kApart * static_cast<int>(c)) / 100.0;
    for (const double value : largest) ranges[c].push_back(share * value);
    costs[c] = rounding_costs(all, ranges[c]);
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

std::array<std::vector<double>, kLayerCount> choose_ranges(const Network& network,
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

  std::array<std::vector<double>, kLayerCount> ranges;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    if (layer_activation(l) != Activation::kSoftplus) continue;
    apply_softplus(seen[l], kernels);
    apply_softplus(drawn[l], kernels);
    const Samples all[] = {{seen[l], seen_costs[l], 1}, {drawn[l], drawn_costs[l], kPriorShare}};
    ranges[l] = best_ranges(all, seen[l].width(), options.threads);
  }
  return ranges;
}

}  // namespace picovae::tools
