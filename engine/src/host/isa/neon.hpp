// What 64-bit and 32-bit NEON share. Core is what differs, all static:
//   Arch                      the architecture of xsimd
//   load_two(s32*)            two vectors of s32, as NeonSums
//   multiply_high(a, b)       products of the high halves of two vectors of s8
//   multiply_add_high(sum, a, b), multiply_add_high<Lane>(sum, a, b)
//   divide(a, b), sqrt(a)
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "host/isa.hpp"
#include "picovae/ranges.hpp"

namespace picovae {
namespace {

// Eight sums: what the products of eight s16 widen to.
struct NeonSums {
  int32x4_t low, high;
};

// Inputs of 8 bits less kInputShift: the same but for a bit.
PICOVAE_INLINE int8x16_t shift_inputs(int8x16_t x) {
  return veorq_s8(x, vdupq_n_s8(static_cast<std::int8_t>(-kInputShift)));
}

PICOVAE_INLINE int8x16_t broadcast_four(const std::uint8_t* x) {
  std::int32_t four;
  std::memcpy(&four, x, sizeof four);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

template <typename Core>
struct NeonWith : IsaDefaults {
  using Floats = xsimd::batch<float, typename Core::Arch>;
  using Ints = xsimd::batch<std::int32_t, typename Core::Arch>;
  static PICOVAE_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
    return vfmaq_f32(c, a, b);
  }
  static PICOVAE_INLINE Floats divide(Floats a, Floats b) { return Core::divide(a, b); }
  static PICOVAE_INLINE Floats sqrt(Floats a) { return Core::sqrt(a); }
  static PICOVAE_INLINE Floats load_f16(const std::uint16_t* from) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
  }
  static PICOVAE_INLINE Floats load_bf16(const std::uint16_t* from) {
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(from), 16));
  }

  using Sums = NeonSums;
  static PICOVAE_INLINE Sums add(Sums a, Sums b) {
    return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)};
  }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) {
    vst1q_s32(to, sums.low);
    vst1q_s32(to + 4, sums.high);
  }

  static constexpr bool kShiftsInputs = true;
  // Inputs of 8 bits less kInputShift; `bytes` is a multiple of 4.
  static PICOVAE_INLINE void shift_row(const std::uint8_t* x, std::size_t bytes, std::uint8_t* to) {
    const uint8x16_t shift = vdupq_n_u8(kInputShift);
    for (; bytes >= 32; bytes -= 32, x += 32, to += 32) {
      const uint8x16_t first = vld1q_u8(x), second = vld1q_u8(x + 16);
      vst1q_u8(to, veorq_u8(first, shift));
      vst1q_u8(to + 16, veorq_u8(second, shift));
    }
    for (; bytes != 0; bytes -= 4, x += 4, to += 4) {
      std::uint32_t four;
      std::memcpy(&four, x, sizeof four);
      four ^= 0x80808080;
      std::memcpy(to, &four, sizeof four);
    }
  }

  // Inputs 0 and 2 of a group meet the even bytes of the weights, 1 and 3 the odd ones, so that an
  // s16 lane holds two products of one output: at most 2 * 127 * 128, which fits, whichever of
  // input and weight may be -128.
  struct Narrow : DotDefaults<Sums> {
    using X = std::uint8_t;
    using Input = int8x16x2_t;
    using Weights = int8x16x2_t;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      const int8x16_t all = broadcast_four(x);
      return vuzpq_s8(all, all);
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return vld2q_s8(w); }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      const int8x16_t even = x.val[0], odd = x.val[1];
      const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(w.val[0]), vget_low_s8(even)),
                                     vget_low_s8(w.val[1]), vget_low_s8(odd));
      const int16x8_t high =
          Core::multiply_add_high(Core::multiply_high(w.val[0], even), w.val[1], odd);
      return {vpadalq_s16(sums.low, low), vpadalq_s16(sums.high, high)};
    }
  };

  struct High : Narrow {
    static PICOVAE_INLINE typename Narrow::Input broadcast(const std::uint8_t* x) {
      const int8x16_t all = shift_inputs(broadcast_four(x));
      return vuzpq_s8(all, all);
    }
  };

  // Loading separates the four inputs' weights: a vector of eight outputs for each.
  struct Wide : DotDefaults<Sums> {
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
              Core::template multiply_add_high<kLane>(sums.high, w.val[kLane], x)};
    }
  };

  struct Epilogue {
    using Words = xsimd::batch<std::int16_t, typename Core::Arch>;
    static PICOVAE_INLINE Words requantize(const std::int32_t* sums,
                                           const std::uint16_t* multiplier,
                                           const std::int32_t* bias, int pre, int post) {
      const uint16x8_t m = vld1q_u16(multiplier);
      const int32x4_t right = vdupq_n_s32(-pre), right_again = vdupq_n_s32(-post);
      const NeonSums all = Core::load_two(sums), biases = Core::load_two(bias);
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
  using WideEpilogue = Epilogue;
};

}  // namespace
}  // namespace picovae
