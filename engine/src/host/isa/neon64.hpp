// NEON of 64-bit Arm: every such processor.
#pragma once

#if !defined(__aarch64__)
#error "compile for 64-bit Arm"
#endif

#include "host/isa/neon.hpp"

namespace picovae {
namespace {

// Both loads before either is used: then they are one instruction.
PICOVAE_INLINE int8x16x2_t load_two(const std::int8_t* w) {
  int8x16_t first = vld1q_s8(w), second = vld1q_s8(w + 16);
  asm("" : "+w"(first), "+w"(second));
  return {{first, second}};
}

// Taking the high half of a vector costs an instruction here, but most instructions have a form
// that reads it.
struct Neon64Core {
  using Arch = xsimd::neon64;
  static PICOVAE_INLINE NeonSums load_two(const std::int32_t* from) {
    int32x4_t first = vld1q_s32(from), second = vld1q_s32(from + 4);
    asm("" : "+w"(first), "+w"(second));
    return {first, second};
  }
  static PICOVAE_INLINE int16x8_t multiply_high(int8x16_t a, int8x16_t b) {
    return vmull_high_s8(a, b);
  }
  static PICOVAE_INLINE int16x8_t multiply_add_high(int16x8_t sum, int8x16_t a, int8x16_t b) {
    return vmlal_high_s8(sum, a, b);
  }
  template <int kLane>
  static PICOVAE_INLINE int32x4_t multiply_add_high(int32x4_t sum, int16x8_t a, int16x4_t b) {
    return vmlal_high_lane_s16(sum, a, b, kLane);
  }
  // xsimd 8 leaves the rounding errors of two Newton steps.
  static PICOVAE_INLINE float32x4_t divide(float32x4_t a, float32x4_t b) { return vdivq_f32(a, b); }
  static PICOVAE_INLINE float32x4_t sqrt(float32x4_t a) { return vsqrtq_f32(a); }
};

struct Neon : NeonWith<Neon64Core> {
  static constexpr Tuning kTuning = {// 24 sums, 3 inputs, 2 weights
                                     .f32 = {.rows = 4,
                                             .many_rows = 3,
                                             .sums = 24,
                                             .width = 8,
                                             .product_rows = 5,
                                             .product_vectors = 4,
                                             .activated = 4,
                                             .row_panels = 2,
                                             .half_row_panels = 2,
                                             .prefetch = 0},
                                     // 16 registers of sums, 4 of weights
                                     .s8 = {.rows = 4, .vectors = 2, .split = 1}};

  static constexpr bool kHasLanes = true;
  static constexpr std::size_t kLoadsTogether = 2;
  template <std::size_t kLane>
  static PICOVAE_INLINE Floats multiply_add_lane(Floats a, Floats b, Floats c) {
    return vfmaq_laneq_f32(c, b, a, kLane);
  }

  // Products of two groups share the s16 lanes, so that no vector need be separated. An output has
  // two s32 lanes.
  struct NarrowRow {
    using X = std::uint8_t;
    using Input = int8x16_t;
    using Weights = int8x16x2_t;
    struct Sums {
      int32x4_t of[4];
    };
    static PICOVAE_INLINE Input broadcast(const X* x) { return broadcast_four(x); }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return load_two(w); }
    static PICOVAE_INLINE void hold(Weights&) {}
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, const Weights& w) {
      unroll<2>([&](auto i) __attribute__((always_inline)) {
        const int16x8_t low = vmull_s8(vget_low_s8(w.val[i]), vget_low_s8(x));
        const int16x8_t high = vmull_high_s8(w.val[i], x);
        sums.of[2 * i] = vpadalq_s16(sums.of[2 * i], low);
        sums.of[2 * i + 1] = vpadalq_s16(sums.of[2 * i + 1], high);
      });
      return sums;
    }

    static constexpr std::size_t kGroups = 2, kTogether = 2;
    struct Inputs {
      Input of[kGroups];
    };
    struct Blocks {
      Weights of[kGroups];
    };
    static PICOVAE_INLINE Inputs inputs(const X* x) { return {{broadcast(x), broadcast(x + 4)}}; }
    static PICOVAE_INLINE Blocks blocks(const std::int8_t* w, std::size_t step) {
      return {{load(w), load(w + step)}};
    }
    template <std::size_t>
    static PICOVAE_INLINE Sums dot_part(Sums sums, const Inputs& x, const Blocks& w) {
      unroll<2>([&](auto i) __attribute__((always_inline)) {
        const int8x16_t a = w.of[0].val[i], b = w.of[1].val[i];
        const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(x.of[0])),
                                       vget_low_s8(b), vget_low_s8(x.of[1]));
        const int16x8_t high = vmlal_high_s8(vmull_high_s8(a, x.of[0]), b, x.of[1]);
        sums.of[2 * i] = vpadalq_s16(sums.of[2 * i], low);
        sums.of[2 * i + 1] = vpadalq_s16(sums.of[2 * i + 1], high);
      });
      return sums;
    }
    static PICOVAE_INLINE NeonSums finish(const Sums& sums) {
      return {vpaddq_s32(sums.of[0], sums.of[1]), vpaddq_s32(sums.of[2], sums.of[3])};
    }
  };
  using WideRow = Wide;
  using Peak = Narrow;
};

}  // namespace
}  // namespace picovae
