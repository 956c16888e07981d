// What dense_f32.hpp and dense_s8.hpp ask of an ISA, answered by NEON: of any 64-bit Arm, or of a
// 32-bit one with fused multiply-add (VFPv4: Cortex-A7 and later).
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "host/simd.hpp"

namespace picovae {
namespace {

// Eight sums: what the products of eight s16 widen to.
struct NeonSums {
  int32x4_t low, high;
};

// Products of the high halves: instructions of their own in 64-bit code, where taking a half costs
// another; in 32-bit code a half is a register.
PICOVAE_INLINE int16x8_t multiply_high(int8x16_t a, int8x16_t b) {
#if defined(__aarch64__)
  return vmull_high_s8(a, b);
#else
  return vmull_s8(vget_high_s8(a), vget_high_s8(b));
#endif
}
PICOVAE_INLINE int16x8_t multiply_add_high(int16x8_t sum, int8x16_t a, int8x16_t b) {
#if defined(__aarch64__)
  return vmlal_high_s8(sum, a, b);
#else
  return vmlal_s8(sum, vget_high_s8(a), vget_high_s8(b));
#endif
}
template <int kLane>
PICOVAE_INLINE int32x4_t multiply_add_high(int32x4_t sum, int16x8_t a, int16x4_t b) {
#if defined(__aarch64__)
  return vmlal_high_lane_s16(sum, a, b, kLane);
#else
  return vmlal_lane_s16(sum, vget_high_s16(a), b, kLane);
#endif
}

#if defined(__aarch64__)
// Both before either is used: then it is one instruction.
PICOVAE_INLINE int8x16x2_t load_two(const std::int8_t* w) {
  int8x16_t first = vld1q_s8(w), second = vld1q_s8(w + 16);
  asm("" : "+w"(first), "+w"(second));
  return {{first, second}};
}
PICOVAE_INLINE NeonSums load_two(const std::int32_t* from) {
  int32x4_t first = vld1q_s32(from), second = vld1q_s32(from + 4);
  asm("" : "+w"(first), "+w"(second));
  return {first, second};
}
#else
PICOVAE_INLINE NeonSums load_two(const std::int32_t* from) {
  return {vld1q_s32(from), vld1q_s32(from + 4)};
}
#endif

struct Neon {
#if defined(__aarch64__)
  using Arch = xsimd::neon64;
  static constexpr std::size_t kTileRows = 5, kTileVectors = 4;  // 20 sums, 5 inputs, 4 weights
  static constexpr std::size_t kRowPanels = 2, kRowPanels16 = 2, kPrefetch = 0;
  static constexpr std::size_t kActivated = 4;
  static constexpr std::size_t kS8Rows = 4, kS8Vectors = 2;  // 16 registers of sums, 4 of weights
#else
  using Arch = xsimd::neon;
  static constexpr std::size_t kTileRows = 2, kTileVectors = 4;  // 8 sums of 16 registers
  static constexpr std::size_t kRowPanels = 1, kRowPanels16 = 1, kPrefetch = 0;
  static constexpr std::size_t kActivated = 2;
  static constexpr std::size_t kS8Rows = 2, kS8Vectors = 2;  // 8 registers of sums, 4 of weights
#endif
  static constexpr std::size_t kS8Split = 1;

  using Floats = xsimd::batch<float, Arch>;
  using Ints = xsimd::batch<std::int32_t, Arch>;
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
    return vfmaq_f32(c, a, b);
  }
#if defined(__aarch64__)
  template <std::size_t kLane>
  static PICOVAE_INLINE Floats multiply_add_lane(Floats a, Floats b, Floats c) {
    return vfmaq_laneq_f32(c, b, a, kLane);
  }
#endif
  static PICOVAE_INLINE Floats load_f16(const std::uint16_t* from) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
  }
  static PICOVAE_INLINE Floats load_bf16(const std::uint16_t* from) {
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(from), 16));
  }
  // xsimd 8 leaves the rounding errors of two Newton steps: 3 ulp with a sigmoid's own. 32-bit NEON
  // has no division: another step, from a residual that is rounded once, ends below one.
  static PICOVAE_INLINE Floats reciprocal(Floats x) {
    const Floats one(1.0f);
#if defined(__aarch64__)
    return vdivq_f32(one, x);
#else
    const Floats near = one / x;
    return vfmaq_f32(near, near, vfmsq_f32(one, near, x));
#endif
  }

  using Sums = NeonSums;
  using Words = xsimd::batch<std::int16_t, Arch>;

#if defined(__aarch64__)
  // Of one row: products of two groups share the s16 lanes, so that nothing need be taken apart.
  // An output has two s32 lanes.
  struct NarrowRow {
    using X = std::uint8_t;
    using Input = int8x16_t;
    using Weights = int8x16x2_t;
    struct Sums {
      int32x4_t of[4];
    };
    static PICOVAE_INLINE Input broadcast(const X* x) {
      std::int32_t four;
      std::memcpy(&four, x, sizeof four);
      return vreinterpretq_s8_s32(vdupq_n_s32(four));
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return load_two(w); }
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
    static PICOVAE_INLINE Blocks weights(const std::int8_t* w, std::size_t step) {
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
#endif

  // Inputs 0 and 2 of a group meet the even bytes of the weights, 1 and 3 the odd ones, so that an
  // s16 lane holds two products of one output: at most 2 * 127 * 128, which fits.
  struct Narrow {
    using X = std::uint8_t;
    using Input = int8x16x2_t;
    using Weights = int8x16x2_t;
#if defined(__aarch64__)
    using ForRow = NarrowRow;
#endif
    static PICOVAE_INLINE Input broadcast(const X* x) {
      std::int32_t four;
      std::memcpy(&four, x, sizeof four);
      const int8x16_t all = vreinterpretq_s8_s32(vdupq_n_s32(four));
      return vuzpq_s8(all, all);
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return vld2q_s8(w); }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      const int8x16_t even = x.val[0], odd = x.val[1];
      const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(w.val[0]), vget_low_s8(even)),
                                     vget_low_s8(w.val[1]), vget_low_s8(odd));
      const int16x8_t high = multiply_add_high(multiply_high(w.val[0], even), w.val[1], odd);
      return {vpadalq_s16(sums.low, low), vpadalq_s16(sums.high, high)};
    }
  };

  // Loading takes the four inputs' weights apart: a vector of eight outputs for each.
  struct Wide {
    using X = std::int16_t;
    using Input = int16x4_t;
    using Weights = int16x8x4_t;
    static PICOVAE_INLINE Input broadcast(const X* x) { return vld1_s16(x); }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      const int8x8x4_t bytes = vld4_s8(w);
      return {{vmovl_s8(bytes.val[0]), vmovl_s8(bytes.val[1]), vmovl_s8(bytes.val[2]),
               vmovl_s8(bytes.val[3])}};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return dot_lane<3>(dot_lane<2>(dot_lane<1>(dot_lane<0>(sums, x, w), x, w), x, w), x, w);
    }

   private:
    template <int kLane>
    static PICOVAE_INLINE Sums dot_lane(Sums sums, Input x, const Weights& w) {
      return {vmlal_lane_s16(sums.low, vget_low_s16(w.val[kLane]), x, kLane),
              multiply_add_high<kLane>(sums.high, w.val[kLane], x)};
    }
  };

  static PICOVAE_INLINE Sums add(Sums a, Sums b) {
    return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)};
  }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) {
    vst1q_s32(to, sums.low);
    vst1q_s32(to + 4, sums.high);
  }

  static PICOVAE_INLINE Words requantize(const std::int32_t* sums, const std::uint16_t* multiplier,
                                         const std::int32_t* bias, int pre, int post) {
    const uint16x8_t m = vld1q_u16(multiplier);
    const int32x4_t right = vdupq_n_s32(-pre), right_again = vdupq_n_s32(-post);
    const NeonSums all = load_two(sums), biases = load_two(bias);
    const auto half = [&](int32x4_t sum, int32x4_t b, uint16x4_t m16)
        __attribute__((always_inline)) {
      const int32x4_t shifted = vshlq_s32(sum, right);
      const int32x4_t scaled = vmlaq_s32(b, shifted, vreinterpretq_s32_u32(vmovl_u16(m16)));
      return vqmovn_s32(vshlq_s32(scaled, right_again));
    };
    return vcombine_s16(half(all.low, biases.low, vget_low_u16(m)),
                        half(all.high, biases.high, vget_high_u16(m)));
  }
  static PICOVAE_INLINE Words multiply_q15(Words a, Words b) { return vqrdmulhq_s16(a, b); }
  static PICOVAE_INLINE void store_bytes(Words words, std::uint8_t* to) {
    vst1_u8(to, vqmovun_s16(words));
  }
};

#if defined(__ARM_FEATURE_DOTPROD)
// SDOT adds four products to each lane. Activations end at 127, so u8 inputs are s8 as well; what
// stands behind the last input meets weights of zero.
struct Sdot : Neon {
  static constexpr std::size_t kS8Rows = 4, kS8Vectors = 2;  // 16 registers of sums, 4 of weights

  struct Narrow {
    using X = std::uint8_t;
    using Input = int8x16_t;
    using Weights = int8x16x2_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      std::int32_t four;
      std::memcpy(&four, x, sizeof four);
      return vreinterpretq_s8_s32(vdupq_n_s32(four));
    }
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
    static PICOVAE_INLINE Blocks weights(const std::int8_t* w, std::size_t) { return load(w); }
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
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return {Narrow::dot(sums.low, x.low, w), Narrow::dot(sums.high, x.high, w)};
    }

    static constexpr std::size_t kGroups = 4, kTogether = 1;
    using Inputs = Input;
    using Blocks = Weights;
    static PICOVAE_INLINE Inputs inputs(const X* x) {
      return split(vld1q_s16(x), vld1q_s16(x + 8));
    }
    static PICOVAE_INLINE Blocks weights(const std::int8_t* w, std::size_t) { return load(w); }
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
  struct Wide : Neon::Wide {
    using ForRow = WideRow;
  };
};
#endif

}  // namespace
}  // namespace picovae
