// Weights of 4 bits, which a layer of the decoder may store in place of s8 ones: q in -8..7, and
// for every kS4Group inputs of an output a scale of 1..15. Such a weight stands for the s8 weight
// q * scale, so that a layer computes what the layer of those weights does: same sums, same ranges,
// same bits on every target.
//
// Panels are output_pad(layout) outputs wide. A panel has its groups one after the other, each with
// its weights and then its scales, two to a byte, the lower half first:
//   host      [k / 4][byte b of 32][b, b + 32], of the 64 s8 weights [column][k % 4]
//   cortex-m  [k / 4][k % 2][half of the panel][k % 4 / 2][output % 4]
//   mve       [k / 16][pair of outputs][k % 16][even, odd]
//   scales    [output]
//
// In cortex-m a halfword has four outputs. 8 is added to the first three, so that it is the number
// 4096 q3 + 256 (q2 + 8) + 16 (q1 + 8) + (q0 + 8) and a core can multiply it as it is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/shape.hpp"

namespace picovae {

inline constexpr std::size_t kS4Group = 32;  // inputs that share a scale
inline constexpr int kLeastS4 = -8, kGreatestS4 = 7;
inline constexpr int kGreatestS4Scale = 15;
inline constexpr std::uint32_t kS4Sign = 8;  // of a stored weight, as in two's complement

constexpr std::size_t s4_groups(std::size_t in) { return (in + kS4Group - 1) / kS4Group; }

// Of a layer's inputs, padding included, those that a group has.
constexpr std::size_t s4_group_inputs(std::size_t padded_in, std::size_t group) {
  const std::size_t left = padded_in - group * kS4Group;
  return left < kS4Group ? left : kS4Group;
}

// Bytes of a panel, and of a layer: an output has a half for each input and for each group.
constexpr std::size_t s4_panel_size(Layout layout, std::size_t in) {
  const std::size_t padded_in = round_up(in, input_pad(layout, Type::kS8));
  return output_pad(layout) * (padded_in + s4_groups(in)) / 2;
}
constexpr std::size_t s4_size(Layout layout, std::size_t in, std::size_t out) {
  return round_up(out, output_pad(layout)) / output_pad(layout) * s4_panel_size(layout, in);
}

// Half bytes of weights that each output of an integer layer has.
constexpr std::size_t halves_of_output(Layout layout, const Dense& layer) {
  const std::size_t padded_in = round_up(layer.in, input_pad(layout, Type::kS8));
  return kHasS4 && layer.s4 ? padded_in + s4_groups(layer.in) : 2 * padded_in;
}

// Index of a half byte: of a group's scale of an output, and of a weight. Padding has indices too.
constexpr std::size_t s4_group_index(Layout layout, std::size_t in, std::size_t output,
                                     std::size_t group) {
  const std::size_t panel = output / output_pad(layout) * 2 * s4_panel_size(layout, in);
  return panel + output_pad(layout) * group * (kS4Group + 1);
}
constexpr std::size_t s4_scale_index(Layout layout, std::size_t in, std::size_t output,
                                     std::size_t group) {
  const std::size_t padded_in = round_up(in, input_pad(layout, Type::kS8));
  return s4_group_index(layout, in, output, group) +
         output_pad(layout) * s4_group_inputs(padded_in, group) + output % output_pad(layout);
}
constexpr std::size_t s4_index(Layout layout, std::size_t in, std::size_t output,
                               std::size_t input) {
  const std::size_t group = s4_group_index(layout, in, output, input / kS4Group);
  const std::size_t i = input % kS4Group;
  const std::size_t o = output % output_pad(layout);
  if (layout == Layout::kCortexM) {
    const std::size_t word = i / 4 * 4 + i % 2 * 2 + o / 4;
    return group + word * 8 + i % 4 / 2 * 4 + o % 4;
  }
  if (layout == Layout::kMve) {
    const std::size_t pair = i / kMveVector * (kMvePanel / 2) + o / 2;
    return group + (pair * kMveVector + i % kMveVector) * 2 + o % 2;
  }
  const std::size_t s8 = o * kInputPad + i % kInputPad;
  return group + i / kInputPad * 64 + s8 % 32 * 2 + s8 / 32;
}

constexpr std::uint32_t s4_half_byte(const std::uint8_t* packed, std::size_t index) {
  return packed[index / 2] >> (index % 2 * 4) & 15u;
}

// The half byte that is stored for a weight is this XOR its low four bits.
constexpr std::uint32_t s4_offset(Layout layout, std::size_t output) {
  return layout == Layout::kCortexM && output % 4 != 3 ? kS4Sign : 0;
}

struct S4Weight {
  std::int32_t q, scale;
};

// Weight [output][input] of a layer's packed weights, padding included.
constexpr S4Weight s4_weight(Layout layout, const void* packed, std::size_t in, std::size_t output,
                             std::size_t input) {
  const auto* bytes = static_cast<const std::uint8_t*>(packed);
  const std::uint32_t half = s4_half_byte(bytes, s4_index(layout, in, output, input));
  const std::uint32_t scale =
      s4_half_byte(bytes, s4_scale_index(layout, in, output, input / kS4Group));
  const auto biased = static_cast<std::int32_t>(half ^ s4_offset(layout, output) ^ kS4Sign);
  return {biased - 8, static_cast<std::int32_t>(scale)};
}

// Packs the weights of a layer.
//   q       [out][in], -8..7
//   scale   [out][s4_groups(in)], 1..15
//   packed  [s4_size(layout, in, out)] out; padding holds weights and scales of zero
constexpr void pack_s4_weights(Layout layout, std::size_t in, std::size_t out, const std::int8_t* q,
                               const std::uint8_t* scale, std::uint8_t* packed) {
  for (std::size_t i = 0; i < s4_size(layout, in, out); ++i) packed[i] = 0;
  const auto put = [&](std::size_t index, std::uint32_t half) {
    packed[index / 2] = static_cast<std::uint8_t>(packed[index / 2] | half << (index % 2 * 4));
  };
  for (std::size_t output = 0; output < round_up(out, output_pad(layout)); ++output) {
    for (std::size_t group = 0; output < out && group < s4_groups(in); ++group) {
      put(s4_scale_index(layout, in, output, group), scale[output * s4_groups(in) + group]);
    }
    for (std::size_t i = 0; i < round_up(in, input_pad(layout, Type::kS8)); ++i) {
      const int value = output < out && i < in ? q[output * in + i] : 0;
      put(s4_index(layout, in, output, i),
          (static_cast<std::uint32_t>(value) & 15u) ^ s4_offset(layout, output));
    }
  }
}

}  // namespace picovae
