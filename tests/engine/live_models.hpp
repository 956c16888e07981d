// Models with dead pixels, and their twins without: the same model that computes those pixels, by
// weights of 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/live.hpp"
#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tests {

using Mask = std::vector<std::uint8_t>;  // [pixels] 1 if live, or 0; empty: all are live

// About a third of the pixels are dead, the first and the last among them if `ends` says so.
inline Mask random_mask(std::size_t pixels, bool ends, Dice& dice) {
  Mask mask;
  for (std::size_t i = 0; i < pixels; ++i) mask.push_back(dice.between(0, 2) != 0 ? 1 : 0);
  mask.front() = mask.back() = ends ? 0 : 1;
  mask[pixels / 2] = 1;
  mask[pixels / 3] = 0;
  return mask;
}

inline Mask only_pixel(std::size_t pixels, std::size_t live) {
  Mask mask(pixels);
  mask[live] = 1;
  return mask;
}

// With random logits for dead outputs, the highest that there may be among them.
inline tools::LiveMasks random_logits(Mask inputs, Mask outputs, Dice& dice) {
  tools::LiveMasks live{std::move(inputs), std::move(outputs), {}};
  for (const std::uint8_t output : live.outputs) {
    if (output == 0) {
      const std::int32_t less = dice.between(0, 3) == 0 ? 0 : dice.between(0, 700);
      live.dead_logits.push_back(static_cast<std::int16_t>(kDeadLogit - less));
    }
  }
  return live;
}

// The model without the weights of dead pixels.
inline tools::QuantizedNetwork without_dead_pixels(tools::QuantizedNetwork network,
                                                   const tools::LiveMasks& live) {
  network.live = live;
  if (!live.inputs.empty()) {
    tools::QuantizedLayer& layer = network.layers[kEncoder0];
    std::vector<std::int8_t> weight;
    for (std::size_t i = 0; i < layer.weight.size(); ++i) {
      if (live.inputs[i % layer.in] != 0) weight.push_back(layer.weight[i]);
    }
    layer.weight = weight;
    layer.in -= tools::LiveMasks::dead(live.inputs);
  }
  if (!live.outputs.empty()) {
    const tools::QuantizedLayer all = network.layers[kDecoder2];
    tools::QuantizedLayer& layer = network.layers[kDecoder2];
    layer.weight.clear();
    layer.bias.clear();
    layer.multiplier.clear();
    for (std::size_t j = 0; j < all.out; ++j) {
      if (live.outputs[j] == 0) continue;
      const std::int8_t* row = all.weight.data() + j * all.in;
      layer.weight.insert(layer.weight.end(), row, row + all.in);
      layer.bias.push_back(all.bias[j]);
      layer.multiplier.push_back(all.multiplier[j]);
    }
    layer.out -= tools::LiveMasks::dead(live.outputs);
  }
  return network;
}

// The model that computes dead pixels like others: its encoder multiplies them by 0, its decoder's
// logits are constants.
inline tools::QuantizedNetwork with_constant_pixels(tools::QuantizedNetwork network,
                                                    const tools::LiveMasks& live) {
  tools::QuantizedLayer& first = network.layers[kEncoder0];
  for (std::size_t i = 0; !live.inputs.empty() && i < first.weight.size(); ++i) {
    if (live.inputs[i % first.in] == 0) first.weight[i] = 0;
  }
  tools::QuantizedLayer& last = network.layers[kDecoder2];
  std::size_t dead = 0;
  for (std::size_t j = 0; j < live.outputs.size(); ++j) {
    if (live.outputs[j] != 0) continue;
    for (std::size_t i = 0; i < last.in; ++i) last.weight[j * last.in + i] = 0;
    last.bias[j] = live.dead_logits[dead++] * (1 << last.post_shift);
  }
  return network;
}

// A random model, a third of whose pixels are dead at either end.
inline tools::QuantizedNetwork random_pruned_network(Dimensions dimensions, std::uint32_t seed) {
  Dice dice(seed);
  const Mask inputs = random_mask(dimensions.pixels, true, dice);
  const Mask outputs = random_mask(dimensions.pixels, false, dice);
  return without_dead_pixels(random_quantized_network(dimensions, seed),
                             random_logits(inputs, outputs, dice));
}

}  // namespace picovae::tests
