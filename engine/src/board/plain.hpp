// What the kernels of cores without a dual multiply share, in plain C++: tables of the
// activations' tails, and all sums but those of u8 inputs. The idea of both, on the weights of the
// DSP kernels (layout.hpp): a word has an even and an odd output's weights for two inputs a and b,
// all of them 0..255 once the odd ones have their sign bits flipped, which adds 128. Then one
// 32-bit multiplication does two products,
//
//   (weight_a + weight_b * 2^16) * (b + a * 2^16)
//     = weight_a * b  +  (weight_a * a + weight_b * b) * 2^16      modulo 2^32
//
// and since neither bracket reaches 2^16 (2 * 255 * 127 = 64,770; of inputs above 127, GroupBounds
// of ranges.hpp), the upper half is the sum.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "board/dense.hpp"

namespace picovae::board {

// Where a tail of requantize.hpp has fallen to 0 for good.
template <auto Tail>
constexpr std::int32_t end_of() {
  std::int32_t a = kTailEnd;
  while (Tail(a - 1) == 0) --a;
  return a;
}

// A tail as bytes up to there: 784 for softplus, 782 for the sigmoid.
template <auto Tail>
inline constexpr auto kTable = [] {
  std::array<std::uint8_t, std::size_t{end_of<Tail>()} + 1> table{};
  for (std::size_t a = 0; a < table.size(); ++a) {
    table[a] = static_cast<std::uint8_t>(Tail(static_cast<std::int32_t>(a)));
  }
  return table;
}();

template <auto Tail>
inline std::int32_t look_up(std::int32_t a) {
  constexpr auto kLast = static_cast<std::int32_t>(kTable<Tail>.size()) - 1;
  return kTable<Tail>[static_cast<std::size_t>(lesser(a, kLast))];
}

template <typename X>
inline std::int32_t start(const void* x, std::size_t groups) {
  const auto* in = static_cast<const X*>(x);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < groups * kInputPad; ++i) sum += static_cast<std::uint32_t>(in[i]);
  return static_cast<std::int32_t>(0 - kCortexMOffset * sum);
}

using Word [[gnu::may_alias]] = std::uint32_t;  // of any data
constexpr std::size_t kPairs = kCortexMPanel / 2;
constexpr std::size_t kGroupWords = 2 * kPairs;
constexpr Word kOddSigns = 0x80008000;

// s16 inputs: every product by itself. One layer, the smallest, has them.
inline void multiply_wide(const std::int8_t* weights, const void* x, std::size_t groups,
                          std::int32_t* sums, std::int32_t start_sum) {
  const auto* first = reinterpret_cast<const Word*>(weights);
  for (std::size_t pair = 0; pair < kPairs; ++pair, ++first) {
    auto even = static_cast<std::uint32_t>(start_sum);
    auto odd = static_cast<std::uint32_t>(start_sum);
    const Word* group = first;
    const auto* in = static_cast<const std::int16_t*>(x);
    const auto* const end = in + groups * kInputPad;
    const auto add = [&](Word word, std::int16_t a, std::int16_t b) __attribute__((always_inline)) {
      const auto za = static_cast<std::uint32_t>(a);
      const auto zb = static_cast<std::uint32_t>(b);
      word ^= kOddSigns;
      even += (word & 255) * za + (word >> 16 & 255) * zb;
      odd += (word >> 8 & 255) * za + (word >> 24) * zb;
    };
    do {
      add(group[0], in[0], in[2]);
      add(group[kPairs], in[1], in[3]);
      group += kGroupWords;
      in += kInputPad;
    } while (in != end);
    *sums++ = static_cast<std::int32_t>(even);
    *sums++ = static_cast<std::int32_t>(odd);
  }
}

// A Core but for multiply_narrow.
struct PlainCore {
  static constexpr auto start_narrow = start<std::uint8_t>;
  static constexpr auto start_wide = start<std::int16_t>;
  static constexpr auto multiply_wide = board::multiply_wide;
  static constexpr auto saturate16 = picovae::saturate16;
  static constexpr auto softplus_tail = look_up<picovae::softplus_tail>;
  static constexpr auto sigmoid_tail = look_up<picovae::sigmoid_tail>;
};

}  // namespace picovae::board
