// The sums of s8 weights on RISC-V cores of 32 bits with a multiplier, in plain C++, so that hosts
// test them too. 32 registers hold the sums of a whole panel: four inputs are arranged once for its
// 8 outputs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "board/plain.hpp"

// GCC would add the terms of several products first, and load all of a panel's weights before it
// multiplies any: it then runs out of registers, for 14 % of a decode.
#if defined(__clang__)
#define PICOVAE_IN_THIS_ORDER
#else
#define PICOVAE_IN_THIS_ORDER [[gnu::optimize("no-tree-reassoc", "no-schedule-insns")]]
#endif

namespace picovae::board {

struct Rv32 : PlainCore {
  // plain.hpp has the arithmetic. The odd outputs' weights need no shift: they stay 8 bits up and
  // meet inputs that are 8 bits up as well,
  //
  //   (weight_a + weight_b * 2^16) * 2^8 * (b + a * 2^16) * 2^8
  //     = weight_a * b * 2^16  +  (weight_a * a + weight_b * b) * 2^32  +  weight_b * a * 2^48
  //
  // of which MULHU gives the upper word. The sum is its lower half, and nothing is carried into it.
  PICOVAE_IN_THIS_ORDER static void multiply_narrow(const std::int8_t* weights, const void* x,
                                                    std::size_t groups, std::int32_t* to,
                                                    std::int32_t start_sum) {
    constexpr Word kEven = 0x00ff00ff, kOdd = 0xff00ff00;
    const auto start = static_cast<std::uint32_t>(start_sum);
    Sums sums = {{start, start, start, start}, {start, start, start, start}};
    const auto add = [&sums](std::size_t pair, Word word, Word inputs, Word raised)
        __attribute__((always_inline)) {
      sums.even[pair] += ((word & kEven) * inputs) >> 16;
      const Word odd = (word ^ kOddSigns) & kOdd;
      sums.odd[pair] += static_cast<Word>(std::uint64_t{odd} * raised >> 32) & 0xffff;
    };
    const auto* group = reinterpret_cast<const Word*>(weights);
    const auto* in = static_cast<const Word*>(x);
    const Word* const end = in + groups;
    do {
      const Word four = *in++;
      const Word turned = four >> 16 | four << 16;
      const Word inputs02 = turned & kEven, raised02 = inputs02 << 8;
      const Word raised13 = turned & kOdd, inputs13 = raised13 >> 8;
      add(0, group[0], inputs02, raised02);
      add(1, group[1], inputs02, raised02);
      add(2, group[2], inputs02, raised02);
      add(3, group[3], inputs02, raised02);
      add(0, group[4], inputs13, raised13);
      add(1, group[5], inputs13, raised13);
      add(2, group[6], inputs13, raised13);
      add(3, group[7], inputs13, raised13);
      group += kGroupWords;
    } while (in != end);
    sums.store(to);
  }

  // A load of a byte extends it, with its sign or without. Even weights have 128 added; what that
  // would be in odd sums is added to these in the end.
  PICOVAE_IN_THIS_ORDER static void multiply_wide(const std::int8_t* weights, const void* x,
                                                  std::size_t groups, std::int32_t* to,
                                                  std::int32_t start_sum) {
    const auto start = static_cast<std::uint32_t>(start_sum);
    std::uint32_t total = 0;  // of the inputs
    Sums sums = {{start, start, start, start}, {start, start, start, start}};
    const auto* in = static_cast<const std::int16_t*>(x);
    const auto* const end = in + groups * kInputPad;
    do {
      const std::int32_t x0 = in[0], x1 = in[1], x2 = in[2], x3 = in[3];
      const auto add = [&](std::size_t pair, const std::int8_t* w) __attribute__((always_inline)) {
        constexpr std::size_t kHalf = kGroupWords / 2 * sizeof(Word);
        const auto stored = [w](std::size_t at) __attribute__((always_inline)) {
          return static_cast<std::uint8_t>(w[at]);
        };
        sums.even[pair] += static_cast<std::uint32_t>(stored(0) * x0);
        sums.even[pair] += static_cast<std::uint32_t>(stored(2) * x2);
        sums.even[pair] += static_cast<std::uint32_t>(stored(kHalf) * x1);
        sums.even[pair] += static_cast<std::uint32_t>(stored(kHalf + 2) * x3);
        sums.odd[pair] += static_cast<std::uint32_t>(w[1] * x0);
        sums.odd[pair] += static_cast<std::uint32_t>(w[3] * x2);
        sums.odd[pair] += static_cast<std::uint32_t>(w[kHalf + 1] * x1);
        sums.odd[pair] += static_cast<std::uint32_t>(w[kHalf + 3] * x3);
      };
      total += static_cast<std::uint32_t>(x0 + x1 + x2 + x3);
      add(0, weights);
      add(1, weights + sizeof(Word));
      add(2, weights + 2 * sizeof(Word));
      add(3, weights + 3 * sizeof(Word));
      weights += kGroupWords * sizeof(Word);
      in += kInputPad;
    } while (in != end);
    for (std::uint32_t& odd : sums.odd) odd += kCortexMOffset * total;
    sums.store(to);
  }

  // Without a branch, which is all that this core has for a choice. The sign's mask, turned, is the
  // end of the range.
  static std::int32_t saturate16(std::int32_t v) {
    const bool outside = static_cast<std::uint32_t>(v) + 32768 > 65535;
    return v ^ ((v ^ v >> 31 ^ 32767) & -std::int32_t{outside});
  }

 private:
  // Of a panel. Its members are registers.
  struct Sums {
    std::uint32_t even[kPairs], odd[kPairs];

    void store(std::int32_t* to) const {
      to[0] = static_cast<std::int32_t>(even[0]);
      to[1] = static_cast<std::int32_t>(odd[0]);
      to[2] = static_cast<std::int32_t>(even[1]);
      to[3] = static_cast<std::int32_t>(odd[1]);
      to[4] = static_cast<std::int32_t>(even[2]);
      to[5] = static_cast<std::int32_t>(odd[2]);
      to[6] = static_cast<std::int32_t>(even[3]);
      to[7] = static_cast<std::int32_t>(odd[3]);
    }
  };
};

}  // namespace picovae::board
