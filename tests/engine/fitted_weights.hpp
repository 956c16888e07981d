// Weights that kernels can multiply by inputs above 127: at the bounds of GroupBounds (ranges.hpp)
// where they would have been beyond. Without a library, so that boards run it too.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/layout.hpp"
#include "picovae/ranges.hpp"

namespace picovae::tests {

// Of hidden activations: what models have, and the ends of what they may have.
inline constexpr std::uint8_t kHighActivations[] = {170, 128, 200, 255};

// The weights of an output for a group of four inputs, each a multiple of step.
inline void fit_group(std::int32_t (&w)[4], const GroupBounds& bounds, std::int32_t step) {
  for (std::int32_t& weight : w) {
    if (weight < -127) weight += step;
  }
  const auto lower = [&](std::size_t a, std::size_t b, std::int32_t most) {
    while (w[a] + w[b] > most) (w[a] > w[b] ? w[a] : w[b]) -= step;
  };
  const auto raise = [&](std::size_t a, std::size_t b, std::int32_t least) {
    while (w[a] + w[b] < least) (w[a] < w[b] ? w[a] : w[b]) += step;
  };
  while (!bounds.hold(w)) {
    for (std::size_t i = 0; i < 2; ++i) {
      lower(2 * i, 2 * i + 1, bounds.neighbors());
      raise(2 * i, 2 * i + 1, -bounds.neighbors());
      lower(i, i + 2, bounds.apart(i));
    }
  }
}

// weight [out][in]; step_of(output, group) is what the weights of four inputs are multiples of.
template <typename StepOf>
void fit_weights(std::int8_t* weight, std::size_t in, std::size_t out, std::int32_t greatest,
                 StepOf step_of) {
  for (std::size_t j = 0; j < out; ++j, weight += in) {
    for (std::size_t first = 0; first < in; first += kInputPad) {
      const std::size_t inputs = in - first < kInputPad ? in - first : kInputPad;
      std::int32_t w[kInputPad] = {};
      for (std::size_t i = 0; i < inputs; ++i) w[i] = weight[first + i];
      fit_group(w, GroupBounds(greatest, inputs), step_of(j, first / kInputPad));
      for (std::size_t i = 0; i < inputs; ++i) weight[first + i] = static_cast<std::int8_t>(w[i]);
    }
  }
}

}  // namespace picovae::tests
