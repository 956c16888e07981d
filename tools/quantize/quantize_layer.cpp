#include "tools/quantize/quantize_layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "picovae/layout.hpp"
#include "picovae/ranges.hpp"
#include "picovae/s4.hpp"
#include "tools/base/error.hpp"
#include "tools/base/threads.hpp"
#include "tools/format/network.hpp"
#include "tools/format/packed_layer.hpp"
#include "tools/quantize/s4_groups.hpp"

namespace picovae::tools {
namespace {

constexpr int kLatentPreShift = 6;  // 14-bit latents leave no room for a 9-bit multiplier otherwise
constexpr double kLeastMend = 1.02;  // growth of the scale of a row whose sums are too large

std::int64_t magnitude(const SumRange& range) { return std::max(-range.lowest, range.highest); }

// A row's bounds as shares of the greatest allowed: above 1 it could overflow.
struct Excess {
  double sum = 0, scaled = 0;
};

// The same of the weights that an output has for groups of four inputs (engine ranges.hpp). One row
// in a hundred is beyond: a larger scale for it costs nearly nothing, where clamping its weights
// while they are rounded costs more than finer activations gain.
double group_excess(std::span<const std::int8_t> weight, std::uint8_t greatest) {
  double excess = 0;
  for (std::size_t first = 0; first < weight.size(); first += kInputPad) {
    const std::size_t inputs = std::min(weight.size() - first, kInputPad);
    std::int32_t w[kInputPad] = {};
    std::copy_n(weight.begin() + static_cast<std::ptrdiff_t>(first), inputs, w);
    const GroupBounds bounds(greatest, inputs);
    const auto add = [&](std::int32_t sum, std::int32_t most) {
      excess = std::max(excess, static_cast<double>(sum) / most);
    };
    for (std::size_t i = 0; i < 2; ++i) {
      add(std::abs(w[2 * i] + w[2 * i + 1]), bounds.neighbors());
      add(w[i] + w[i + 2], bounds.apart(i));
    }
  }
  return excess;
}

class LayerQuantizer {
 public:
  LayerQuantizer(Layer index, std::span<const double> weight, const Moments& moments,
                 double damping, unsigned threads, int bits, std::uint8_t greatest)
      : index_(index),
        weight_(weight),
        moments_(moments),
        bits_(output_bits(index, moments.out)),
        rounder_(moments.covariance, moments.in, damping),
        least_scale_(moments.out) {
    layer_.in = moments.in;
    layer_.out = moments.out;
    layer_.weight.resize(layer_.in * layer_.out);
    layer_.bias.resize(layer_.out);
    layer_.multiplier.resize(layer_.out);
    layer_.pre_shift = has_wide_input(index) ? kLatentPreShift : 0;
    layer_.post_shift = kMaxPostShift;
    layer_.greatest = greatest;
    if (bits == 4) {
      groups_ = S4Groups(moments);
      layer_.scale.resize(layer_.out * s4_groups(layer_.in));
      parallel_for(threads, layer_.out,
                   [&](std::size_t j) { least_scale_[j] = groups_.best_scale(row(j)); });
      return;
    }
    for (std::size_t j = 0; j < layer_.out; ++j) least_scale_[j] = largest_of(row(j)) / kMaxWeight;
  }

  QuantizedLayer run(unsigned threads) {
    for (bool done = false; !done;) {
      choose_multipliers();
      std::vector<Excess> excess(layer_.out);
      parallel_for(threads, layer_.out, [&](std::size_t j) { excess[j] = quantize_row(j); });
      done = true;
      bool lower = false;
      for (std::size_t j = 0; j < layer_.out; ++j) {
        if (excess[j].sum > 1) least_scale_[j] = scale(j) * std::max(excess[j].sum, kLeastMend);
        lower = lower || excess[j].scaled > 1;
        done = done && excess[j].sum <= 1 && excess[j].scaled <= 1;
      }
      if (lower) lower_post_shift();
    }
    return layer_;
  }

 private:
  std::span<const double> row(std::size_t j) const {
    return weight_.subspan(j * layer_.in, layer_.in);
  }

  // Real output of one step of row j's sum, for a multiplier of 1.
  double step(std::size_t j) const {
    return std::ldexp(1.0, -(bits_[j] + layer_.pre_shift + layer_.post_shift));
  }
  double scale(std::size_t j) const { return layer_.multiplier[j] * step(j); }

  void lower_post_shift() {
    if (layer_.post_shift == 1) {
      fail("{}: weights or biases are too large for 8 bits; train with a smaller --lr",
           kLayerNames[index_]);
    }
    --layer_.post_shift;
  }

  // Takes the finest multipliers, hence the largest post shift, at which every row has its scale.
  void choose_multipliers() {
    const auto finest = [&](std::size_t j) {
      // A hair below, so that a scale that is a multiple already stays what it is.
      return std::max(std::ceil(least_scale_[j] / step(j) - 1e-9), 1.0);
    };
    for (std::size_t j = 0; j < layer_.out; ++j) {
      while (finest(j) > kMaxMultiplier) lower_post_shift();
    }
    for (std::size_t j = 0; j < layer_.out; ++j) {
      layer_.multiplier[j] = static_cast<std::uint16_t>(finest(j));
    }
  }

  Excess quantize_row(std::size_t j) {
    const auto q = std::span(layer_.weight).subspan(j * layer_.in, layer_.in);
    const std::size_t groups = layer_.scale.empty() ? 0 : s4_groups(layer_.in);
    const auto group_scales = std::span(layer_.scale).subspan(j * groups, groups);
    if (groups != 0) groups_.choose(row(j), scale(j), group_scales);
    rounder_.round(row(j), scale(j), q, group_scales);

    double mean_sum = 0;
    for (std::size_t k = 0; k < layer_.in; ++k) mean_sum += q[k] * moments_.mean_x[k];
    // What is left of the mean output, the half that rounds, and what the pre-shift cuts off.
    const double half = std::ldexp(0.5, layer_.post_shift);
    const double cut = 0.5 * (1 - std::ldexp(1.0, -layer_.pre_shift)) * layer_.multiplier[j];
    const double rest = moments_.mean_y[j] - mean_sum * scale(j);
    const double bias =
        std::floor(std::ldexp(rest, bits_[j] + layer_.post_shift) + half + cut + 0.5);
    const auto [greatest_sum, greatest_scaled] = greatest_bounds(index_);
    const double bias_excess = std::abs(bias) / static_cast<double>(greatest_scaled);
    if (bias_excess > 1) return {0, bias_excess};
    layer_.bias[j] = static_cast<std::int32_t>(bias);
    const Bounds bounds = row_bounds(layer_, index_, j);
    const double groups_share =
        has_high_input(layer_, index_) ? group_excess(q, layer_.greatest) : 0;
    return {
        std::max(static_cast<double>(bounds.sum) / static_cast<double>(greatest_sum), groups_share),
        static_cast<double>(bounds.scaled) / static_cast<double>(greatest_scaled)};
  }

  Layer index_;
  std::span<const double> weight_;
  const Moments& moments_;
  std::vector<int> bits_;
  WeightRounder rounder_;
  S4Groups groups_;                  // if weights have 4 bits
  std::vector<double> least_scale_;  // real output of a row's integer step must not be below
  QuantizedLayer layer_;
};

}  // namespace

std::vector<int> output_bits(Layer index, std::size_t out) {
  std::vector<int> bits(out, kLogitBits);
  if (index == kEncoderHeads) {
    const auto middle = bits.begin() + static_cast<std::ptrdiff_t>(out / 2);
    std::fill(bits.begin(), middle, kMuBits);
    std::fill(middle, bits.end(), kLogvarBits);
  }
  return bits;
}

std::vector<double> input_steps(const QuantizedNetwork& network, Layer index) {
  const std::size_t in = layer_sizes(network.dimensions)[index].in;
  if (index == kEncoder0) return std::vector<double>(in, 2.0 / 255);  // (p >> 1) of p / 255
  if (has_wide_input(index)) return std::vector<double>(in, std::ldexp(1.0, -kNormalBits));
  std::vector<double> steps;
  for (const std::int16_t rescale :
       network.layers[layer_before(network.dimensions, index)].rescale) {
    steps.push_back(std::ldexp(1.0, 15 - kSoftplusBits) / rescale);
  }
  return steps;
}

QuantizedLayer quantize_layer(Layer index, std::span<const double> weight, const Moments& moments,
                              double damping, unsigned threads, int bits, std::uint8_t greatest) {
  return LayerQuantizer(index, weight, moments, damping, threads, bits, greatest).run(threads);
}

Bounds greatest_bounds(Layer index) {
  return {sum_limits(has_wide_input(index)).highest, kScaledLimits.highest};
}

Bounds row_bounds(const QuantizedLayer& layer, Layer index, std::size_t output) {
  std::int32_t positive = 0;
  std::int32_t negative = 0;
  for (std::size_t k = 0; k < layer.in; ++k) {
    const std::int32_t weight = layer.weight[output * layer.in + k];
    (weight < 0 ? negative : positive) += weight;
  }
  const std::int32_t greatest = has_high_input(layer, index) ? layer.greatest : kMaxActivation;
  const SumRange sum = sum_range(positive, negative, has_wide_input(index), greatest);
  return {magnitude(sum), magnitude(scaled_range(sum, layer.pre_shift, layer.multiplier[output],
                                                 layer.bias[output]))};
}

Bounds layer_bounds(const QuantizedLayer& layer, Layer index) {
  Bounds bounds;
  for (std::size_t output = 0; output < layer.out; ++output) {
    const Bounds row = row_bounds(layer, index, output);
    bounds = {std::max(bounds.sum, row.sum), std::max(bounds.scaled, row.scaled)};
  }
  return bounds;
}

}  // namespace picovae::tools
