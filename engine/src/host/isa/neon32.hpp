// NEON of 32-bit Arm with fused multiply-add (VFPv4): Cortex-A7 and later.
#pragma once

#if !defined(__ARM_NEON) || !defined(__ARM_FEATURE_FMA) || defined(__aarch64__)
#error "compile for 32-bit Arm with -mfpu=neon-vfpv4"
#endif

#include "host/isa/neon.hpp"

namespace picovae {
namespace {

// Half of a vector is a register here.
struct Neon32Core {
  using Arch = xsimd::neon;
  static PICOVAE_INLINE NeonSums load_two(const std::int32_t* from) {
    return {vld1q_s32(from), vld1q_s32(from + 4)};
  }
  static PICOVAE_INLINE int16x8_t multiply_high(int8x16_t a, int8x16_t b) {
    return vmull_s8(vget_high_s8(a), vget_high_s8(b));
  }
  static PICOVAE_INLINE int16x8_t multiply_add_high(int16x8_t sum, int8x16_t a, int8x16_t b) {
    return vmlal_s8(sum, vget_high_s8(a), vget_high_s8(b));
  }
  template <int kLane>
  static PICOVAE_INLINE int32x4_t multiply_add_high(int32x4_t sum, int16x8_t a, int16x4_t b) {
    return vmlal_lane_s16(sum, vget_high_s16(a), b, kLane);
  }
  // There is no division. xsimd's two Newton steps leave 3 ulp with a sigmoid's own: another step,
  // from a residual that is rounded once, ends below one.
  static PICOVAE_INLINE float32x4_t divide(xsimd::batch<float, Arch> a,
                                           xsimd::batch<float, Arch> b) {
    const xsimd::batch<float, Arch> one(1.0f);
    const xsimd::batch<float, Arch> near = one / b;
    return vmulq_f32(a, vfmaq_f32(near, near, vfmsq_f32(one, near, b)));
  }
  static PICOVAE_INLINE float32x4_t sqrt(xsimd::batch<float, Arch> a) { return xsimd::sqrt(a); }
};

struct Neon : NeonWith<Neon32Core> {
  static constexpr Tuning kTuning = {// 8 sums of 16 registers
                                     .f32 = {.rows = 2,
                                             .many_rows = 2,
                                             .sums = 8,
                                             .width = 4,
                                             .product_rows = 2,
                                             .product_vectors = 4,
                                             .activated = 2,
                                             .row_panels = 1,
                                             .half_row_panels = 1,
                                             .prefetch = 0},
                                     // 8 registers of sums, 4 of weights
                                     .s8 = {.rows = 2, .vectors = 2, .split = 1}};
  using NarrowRow = Narrow;
  using WideRow = Wide;
  using Peak = Narrow;
};

}  // namespace
}  // namespace picovae
