// An integer model from a fuzzer's input: any small shape, with weights, multipliers, shifts and
// biases that are at their limits as often as in between. verify_blob accepts it when packed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/ranges.hpp"
#include "picovae/s4.hpp"
#include "picovae/shape.hpp"
#include "tests/engine/fitted_weights.hpp"
#include "tests/engine/live_models.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/random_thresholds.hpp"
#include "tests/fuzz/input.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tests {

// What values a layer, or its biases, have.
enum class Fill : std::uint8_t { kRandom, kGreatest, kLeast, kTurns, kZero };
inline constexpr Fill kFills[] = {Fill::kRandom, Fill::kRandom, Fill::kGreatest,
                                  Fill::kLeast,  Fill::kTurns,  Fill::kZero};

class AnyModel {
 public:
  explicit AnyModel(Input& input) : input_(input), dice_(input.any<std::uint16_t>()) {}

  tools::QuantizedNetwork network() {
    tools::QuantizedNetwork network;
    Dimensions& d = network.dimensions;
    d.pixels = width(100);
    d.hidden1 = width(40);
    d.hidden2 = input_.flag() ? width(40) : 0;
    d.latent = width(20);
    const std::uint8_t options = input_.any<std::uint8_t>();
    if ((options & 1) != 0) network.activation = Activation::kRelu;
    greatest_ = (options & 2) != 0 ? static_cast<std::uint8_t>(input_.between(128, 255))
                                   : static_cast<std::uint8_t>(kMaxActivation);
    if ((options & 4) != 0) network.live.inputs = mask(d.pixels);
    if ((options & 8) != 0) {
      network.live.outputs = mask(d.pixels);
      for (const std::uint8_t output : network.live.outputs) {
        if (output != 0) continue;
        network.live.dead_logits.push_back(
            static_cast<std::int16_t>(dice_.between(-32768, kDeadLogit)));
      }
    }
    if ((options & 16) != 0) network.columns = d.pixels;
    if ((options & 32) != 0) network.classes = random_class_section(d.latent, 1, {1, 5}, 7);
    if ((options & 64) != 0) network.thresholds = random_threshold_section({10, 500, 999}, 8);

    auto sizes = layer_sizes(d);
    sizes[kEncoder0].in =
        static_cast<std::uint16_t>(d.pixels - tools::LiveMasks::dead(network.live.inputs));
    sizes[kDecoder2].out =
        static_cast<std::uint16_t>(d.pixels - tools::LiveMasks::dead(network.live.outputs));
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      if (has_layer(d, i)) network.layers[i] = layer(sizes[i], i);
    }
    return network;
  }

 private:
  std::uint16_t width(std::size_t most) { return static_cast<std::uint16_t>(input_.size(1, most)); }

  // Some of the pixels; empty if all are live, as packing has it.
  Mask mask(std::size_t pixels) {
    Mask live;
    const std::int32_t one_in = input_.between(1, 7);
    for (std::size_t i = 0; i < pixels; ++i) {
      live.push_back(dice_.between(0, one_in) == 0 ? 0 : 1);
    }
    live[input_.size(0, pixels - 1)] = 1;
    return tools::LiveMasks::dead(live) == 0 ? Mask{} : live;
  }

  std::int32_t value(Fill fill, std::int32_t least, std::int32_t greatest, std::size_t index) {
    switch (fill) {
      case Fill::kRandom:
        return dice_.between(least, greatest);
      case Fill::kGreatest:
        return greatest;
      case Fill::kLeast:
        return least;
      case Fill::kTurns:
        return index % 2 == 0 ? least : greatest;
      case Fill::kZero:
        break;
    }
    return std::clamp(0, least, greatest);
  }

  tools::QuantizedLayer layer(LayerSize size, std::size_t index) {
    tools::QuantizedLayer layer;
    layer.in = size.in;
    layer.out = size.out;
    layer.greatest = greatest_;
    const bool high = greatest_ > kMaxActivation && has_hidden_input(index);
    const bool s4 = index >= kDecoder0 && input_.flag();
    const Fill weights = input_.of(kFills), multipliers = input_.of(kFills),
               biases = input_.of(kFills);
    layer.pre_shift = high ? 0 : static_cast<std::uint8_t>(input_.between(0, kMaxPreShift));
    layer.post_shift = static_cast<std::uint8_t>(input_.between(0, kMaxPostShift));

    const std::size_t groups = s4_groups(layer.in);
    for (std::size_t i = 0; s4 && i < layer.out * groups; ++i) {
      layer.scale.push_back(static_cast<std::uint8_t>(dice_.between(1, kGreatestS4Scale)));
    }
    const auto step = [&](std::size_t output, std::size_t input) {
      return s4 ? std::int32_t{layer.scale[output * groups + input / kS4Group]} : 1;
    };
    layer.weight.resize(layer.in * layer.out);
    for (std::size_t i = 0; i < layer.weight.size(); ++i) {
      const std::int32_t weight =
          s4 ? step(i / layer.in, i % layer.in) * value(weights, kLeastS4, kGreatestS4, i)
             : value(weights, -127, 127, i);
      layer.weight[i] = static_cast<std::int8_t>(weight);
    }
    for (int patches = input_.between(0, 7); patches > 0 && !s4; --patches) {
      const std::size_t at = input_.size(0, 65535) % layer.weight.size();
      layer.weight[at] = static_cast<std::int8_t>(input_.between(-127, 127));
    }
    if (high) {
      fit_weights(
          layer.weight.data(), layer.in, layer.out, greatest_,
          [&](std::size_t output, std::size_t group) { return step(output, group * kInputPad); });
    }
    for (std::size_t j = 0; j < layer.out; ++j) {
      add_output(layer, has_wide_input(index), high, multipliers, biases, j);
      if (is_hidden_layer(index)) {
        layer.rescale.push_back(static_cast<std::int16_t>(value(multipliers, 1, kMaxRescale, j)));
      }
    }
    return layer;
  }

  // A multiplier and a bias with which no sum of output j leaves 32 bits: some reach their ends.
  void add_output(tools::QuantizedLayer& layer, bool wide, bool high, Fill multipliers, Fill biases,
                  std::size_t j) {
    std::int32_t positive = 0, negative = 0;
    for (std::size_t i = 0; i < layer.in; ++i) {
      const std::int32_t weight = layer.weight[j * layer.in + i];
      (weight < 0 ? negative : positive) += weight;
    }
    const SumRange sum =
        sum_range(positive, negative, wide, high ? std::int32_t{greatest_} : kMaxActivation);
    const std::int64_t reach = std::max(
        {-(sum.lowest >> layer.pre_shift), sum.highest >> layer.pre_shift, std::int64_t{1}});
    const auto most = static_cast<std::int32_t>(
        std::min(kScaledLimits.highest / reach, std::int64_t{kMaxMultiplier}));
    const std::int32_t multiplier = value(multipliers, 1, most, j);
    layer.multiplier.push_back(static_cast<std::uint16_t>(multiplier));

    const SumRange scaled = scaled_range(sum, layer.pre_shift, multiplier, 0);
    const std::int64_t least = kScaledLimits.lowest - scaled.lowest;
    const std::int64_t greatest = kScaledLimits.highest - scaled.highest;
    // At random of those that leave outputs unsaturated.
    const std::int64_t spread =
        biases == Fill::kRandom ? std::int64_t{2048} << layer.post_shift : kScaledLimits.highest;
    layer.bias.push_back(value(biases, static_cast<std::int32_t>(std::max(least, -spread)),
                               static_cast<std::int32_t>(std::min(greatest, spread)), j));
  }

  Input& input_;
  Dice dice_;
  std::uint8_t greatest_ = kMaxActivation;
};

}  // namespace picovae::tests
