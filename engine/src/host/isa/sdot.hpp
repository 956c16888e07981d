// NEON with SDOT, which adds four products to each lane: Cortex-A55, A75, A76 (Raspberry Pi 5) and
// later.
#pragma once

#if !defined(__ARM_FEATURE_DOTPROD)
#error "compile with -march=armv8.2-a+dotprod"
#endif

#include "host/isa/neon64.hpp"

namespace picovae {
namespace {

// Everything but s8 products is NEON's.
struct Sdot : Neon {
  // u8 inputs of 7 bits are s8 as well. What is read beyond the last input meets weights of zero.
  struct Narrow : DotDefaults<NeonSums> {
    using X = std::uint8_t;
    using Input = int8x16_t;
    using Weights = int8x16x2_t;
    static PICOVAE_INLINE Input broadcast(const X* x) { return broadcast_four(x); }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return load_two(w); }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return {vdotq_s32(sums.low, w.val[0], x), vdotq_s32(sums.high, w.val[1], x)};
    }

    static constexpr std::size_t kGroups = 8, kTogether = 1;
    using Inputs = int8x16x2_t;
    using Blocks = Weights;
    static PICOVAE_INLINE Inputs inputs(const X* x) {
      return {{vreinterpretq_s8_u8(vld1q_u8(x)), vreinterpretq_s8_u8(vld1q_u8(x + 16))}};
    }
    static PICOVAE_INLINE Blocks blocks(const std::int8_t* w, std::size_t) { return load(w); }
    template <std::size_t kPart>
    static PICOVAE_INLINE Sums dot_part(Sums sums, const Inputs& x, const Blocks& w) {
      return dot_lane<kPart % 4>(sums, x.val[kPart / 4], w);
    }
    template <std::size_t kLane>
    static PICOVAE_INLINE Sums dot_lane(Sums sums, int8x16_t x, const Weights& w) {
      return {vdotq_laneq_s32(sums.low, w.val[0], x, kLane),
              vdotq_laneq_s32(sums.high, w.val[1], x, kLane)};
    }
  };

  struct High : Narrow {
    static PICOVAE_INLINE Input broadcast(const X* x) { return shift_inputs(broadcast_four(x)); }
    static PICOVAE_INLINE Inputs inputs(const X* x) {
      const Inputs unsigned_inputs = Narrow::inputs(x);
      return {{shift_inputs(unsigned_inputs.val[0]), shift_inputs(unsigned_inputs.val[1])}};
    }
  };

  // x = 128 * high + low: both fit a byte, and SDOT is more than twice as fast as products of s16.
  struct WideRow {
    using X = std::int16_t;
    using Weights = Narrow::Weights;
    struct Input {
      int8x16_t low, high;
    };
    struct Sums {
      NeonSums low, high;
    };
    static PICOVAE_INLINE Input broadcast(const X* x) {
      const int16x4_t four = vld1_s16(x);
      const Input bytes = split(vcombine_s16(four, four), vcombine_s16(four, four));
      return {vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(bytes.low), 0)),
              vreinterpretq_s8_s32(vdupq_laneq_s32(vreinterpretq_s32_s8(bytes.high), 0))};
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return Narrow::load(w); }
    static PICOVAE_INLINE void hold(Weights&) {}
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return {Narrow::dot(sums.low, x.low, w), Narrow::dot(sums.high, x.high, w)};
    }

    static constexpr std::size_t kGroups = 4, kTogether = 1;
    using Inputs = Input;
    using Blocks = Weights;
    static PICOVAE_INLINE Inputs inputs(const X* x) {
      return split(vld1q_s16(x), vld1q_s16(x + 8));
    }
    static PICOVAE_INLINE Blocks blocks(const std::int8_t* w, std::size_t) { return load(w); }
    template <std::size_t kLane>
    static PICOVAE_INLINE Sums dot_part(Sums sums, Inputs x, const Blocks& w) {
      return {Narrow::dot_lane<kLane>(sums.low, x.low, w),
              Narrow::dot_lane<kLane>(sums.high, x.high, w)};
    }
    static PICOVAE_INLINE NeonSums finish(Sums sums) {
      return {vaddq_s32(sums.low.low, vshlq_n_s32(sums.high.low, 7)),
              vaddq_s32(sums.low.high, vshlq_n_s32(sums.high.high, 7))};
    }

   private:
    static PICOVAE_INLINE Input split(int16x8_t a, int16x8_t b) {
      const int8x16_t low = vcombine_s8(vmovn_s16(a), vmovn_s16(b));
      return {vandq_s8(low, vdupq_n_s8(127)), vcombine_s8(vshrn_n_s16(a, 7), vshrn_n_s16(b, 7))};
    }
  };

  using NarrowRow = Narrow;
  using Peak = Narrow;
};

}  // namespace
}  // namespace picovae
