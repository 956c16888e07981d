// NEON with USDOT and USMMLA: Cortex-A510, A710, Neoverse V1 and later.
//
// A single row takes USDOT. Many rows take USMMLA, 2 x 8 inputs times 8 x 2 weights: with the
// weights of two groups side by side it replaces four USDOT by two and, for each four rows, two
// ZIP.
#pragma once

#if !defined(__ARM_FEATURE_MATMUL_INT8)
#error "compile with -march=armv8.2-a+dotprod+i8mm"
#endif

#include "host/isa/sdot.hpp"
#include "picovae/layout.hpp"

namespace picovae {
namespace {

struct I8mm : Sdot {
  // Of u8 and s8: no input need be shifted.
  static constexpr bool kShiftsInputs = false;
  struct Narrow : Sdot::Narrow {
    using Input = uint8x16_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      return vreinterpretq_u8_s8(broadcast_four(x));
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return {vusdotq_s32(sums.low, x, w.val[0]), vusdotq_s32(sums.high, x, w.val[1])};
    }
    using Inputs = uint8x16x2_t;
    static PICOVAE_INLINE Inputs inputs(const X* x) { return {{vld1q_u8(x), vld1q_u8(x + 16)}}; }
    template <std::size_t kPart>
    static PICOVAE_INLINE Sums dot_part(Sums sums, const Inputs& x, const Blocks& w) {
      constexpr std::size_t kLane = kPart % 4;
      const Input& lanes = x.val[kPart / 4];
      return {vsudotq_laneq_s32(sums.low, w.val[0], lanes, kLane),
              vsudotq_laneq_s32(sums.high, w.val[1], lanes, kLane)};
    }
  };
  using NarrowRow = Narrow;

  static constexpr bool kMatrixTile = true;
  static void matrix_tile(const std::uint8_t* x, std::size_t x_stride, const std::int8_t* weights,
                          std::size_t columns, std::size_t groups, std::int32_t* to) {
    const std::size_t step = columns * kInputPad;
    MatrixSums sums;
    unroll<kRows / 2 * kColumns / 2>([&](auto i) __attribute__((always_inline)) {
      sums.of[i / (kColumns / 2)][i % (kColumns / 2)] = vdupq_n_s32(0);
    });
    for (; groups >= 2; groups -= 2, x += 2 * kInputPad, weights += 2 * step) {
      add_groups<2 * kInputPad>(sums, x, x_stride, weights, weights + step);
    }
    if (groups != 0) add_groups<kInputPad>(sums, x, x_stride, weights, weights);
    unroll<kRows / 2>([&](auto r) __attribute__((always_inline)) {
      unroll<kColumns / 4>([&](auto v) __attribute__((always_inline)) {
        const int32x4_t left = sums.of[r][2 * v], right = sums.of[r][2 * v + 1];
        std::int32_t* at = to + 2 * r * columns + 4 * v;
        vst1q_s32(at, vcombine_s32(vget_low_s32(left), vget_low_s32(right)));
        vst1q_s32(at + columns, vcombine_s32(vget_high_s32(left), vget_high_s32(right)));
      });
    });
  }

  // Two rows of eight inputs by two outputs of eight weights, twice.
  struct Peak : Narrow {
    static constexpr std::size_t kProducts = 2 * 32;
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return {vusmmlaq_s32(sums.low, x, w.val[0]), vusmmlaq_s32(sums.high, x, w.val[1])};
    }
  };

 private:
  static constexpr std::size_t kRows = kTuning.s8.rows;
  static constexpr std::size_t kColumns =
      kTuning.s8.vectors * sizeof(NeonSums) / sizeof(std::int32_t);
  static_assert(kColumns == kOutputPad, "the narrow last panel has the same tile");

  // sums [pair of rows][pair of columns] = {row 0: column 0, 1; row 1: column 0, 1}
  struct MatrixSums {
    int32x4_t of[kRows / 2][kColumns / 2];
  };

  static PICOVAE_INLINE int8x16_t zip_low(int8x16_t a, int8x16_t b) {
    return vreinterpretq_s8_s32(vzip1q_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
  }
  static PICOVAE_INLINE int8x16_t zip_high(int8x16_t a, int8x16_t b) {
    return vreinterpretq_s8_s32(vzip2q_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
  }

  // Bytes of x in the low half of each row's eight, zeros behind them.
  template <std::size_t kBytes>
  static PICOVAE_INLINE uint8x16_t two_rows(const std::uint8_t* x, std::size_t x_stride) {
    std::uint64_t first = 0, second = 0;
    std::memcpy(&first, x, kBytes);
    std::memcpy(&second, x + x_stride, kBytes);
    return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(first), vcreate_u64(second)));
  }

  // Two groups; or one with kBytes = 4, of which `next` is then a copy that meets zeros.
  template <std::size_t kBytes>
  static PICOVAE_INLINE void add_groups(MatrixSums& sums, const std::uint8_t* x,
                                        std::size_t x_stride, const std::int8_t* weights,
                                        const std::int8_t* next) {
    uint8x16_t input[kRows / 2];
    unroll<kRows / 2>([&](auto r) __attribute__((always_inline)) {
      input[r] = two_rows<kBytes>(x + 2 * r * x_stride, x_stride);
    });
    unroll<kColumns / 8>([&](auto pair) __attribute__((always_inline)) {
      const int8x16x2_t groups = load_two(weights + pair * 32), after = load_two(next + pair * 32);
      unroll<2>([&](auto i) __attribute__((always_inline)) {
        constexpr std::size_t kAt = 2 * (2 * decltype(pair){} + decltype(i){});
        const int8x16_t low = zip_low(groups.val[i], after.val[i]);
        const int8x16_t high = zip_high(groups.val[i], after.val[i]);
        unroll<kRows / 2>([&](auto r) __attribute__((always_inline)) {
          sums.of[r][kAt] = vusmmlaq_s32(sums.of[r][kAt], input[r], low);
          sums.of[r][kAt + 1] = vusmmlaq_s32(sums.of[r][kAt + 1], input[r], high);
        });
      });
    });
  }
};

}  // namespace
}  // namespace picovae
