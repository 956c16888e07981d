// s4 weights (picovae/s4.hpp) with Helium: a group of inputs at a time becomes s8 weights in 256
// bytes of stack, which the s8 kernel multiplies.
#pragma once

#include <arm_mve.h>

#include <cstddef>
#include <cstdint>

#include "picovae/layout.hpp"
#include "picovae/s4.hpp"

namespace picovae {

// A group -> s8 weights in Layout::kMve.
//   kOffset  added to each weight: 0, or kMveOffset in layers with high_input
//   vectors  of 16 inputs each: 1 or 2
template <int kOffset>
void expand_group_mve(const std::uint8_t* packed, std::size_t vectors, std::int8_t* to) {
  const auto scaled = [](int8x16_t q, int scale) {
    const auto factor = static_cast<std::int8_t>(scale);
    return kOffset == 0 ? vmulq_n_s8(q, factor)
                        : vmlaq_n_s8(vdupq_n_s8(static_cast<std::int8_t>(kOffset)), q, factor);
  };
  const std::uint8_t* scales = packed + vectors * kMvePanel * kMveVector / 2;
  for (std::size_t vector = 0; vector < vectors; ++vector) {
    for (std::size_t pair = 0; pair < kMvePanel / 2; ++pair) {
      const int8x16_t both = vreinterpretq_s8_u8(vld1q_u8(packed));
      const int8x16_t even = vshrq_n_s8(vshlq_n_s8(both, 4), 4);
      const int8x16_t odd = vshrq_n_s8(both, 4);
      vst1q_s8(to, scaled(even, scales[pair] & 15));
      vst1q_s8(to + kMveVector, scaled(odd, scales[pair] >> 4));
      packed += kMveVector;
      to += 2 * kMveVector;
    }
  }
}

}  // namespace picovae
