// The integer contract in scalar form: THE rounding rule and the two activations. Every vector
// epilogue is tested against these (FORMAT.md, "The integer contract").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/ranges.hpp"

namespace picovae {

constexpr std::int32_t saturate16(std::int32_t v) {
  return v < -32768 ? -32768 : v > 32767 ? 32767 : v;
}

// a * b in Q.15, rounded half up: PMULHRSW, SQRDMULH.s16, VQRDMULH.s16 (no operand is -32768).
constexpr std::int32_t multiply_q15(std::int32_t a, std::int32_t b) {
  return (a * b + (1 << 14)) >> 15;
}

// An s32 sum -> the layer's fixed-point pre-activation, before it is saturated to s16. One low
// 32-bit multiply; bias holds the rounding. Products and sums wrap, so a doctored model is wrong
// and never undefined.
constexpr std::int32_t rescale_sum(std::int32_t sum, std::uint32_t multiplier, std::int32_t bias,
                                   int pre_shift, int post_shift) {
  const auto scaled = static_cast<std::uint32_t>(sum >> pre_shift) * multiplier;
  const auto shifted = static_cast<std::int32_t>(scaled + static_cast<std::uint32_t>(bias));
  return shifted >> post_shift;
}

// THE rounding rule.
constexpr std::int32_t requantize(std::int32_t sum, std::uint32_t multiplier, std::int32_t bias,
                                  int pre_shift, int post_shift) {
  return saturate16(rescale_sum(sum, multiplier, bias, pre_shift, post_shift));
}

// Softplus and the sigmoid are built on one function of a = |t| in 0..1023 (Q.7, so 0..8):
//   F(a) = (1 - y)^4 (c0 + c1 y + c2 y^2 + c3 y^3),  y = a / 1024,
// in s16 Q.12 with products rounded by multiply_q15. Least-maximum fits; ours.
inline constexpr std::array<std::int32_t, 4> kSoftplusTail = {2842, -5350, 227, 7934};
inline constexpr std::array<std::int32_t, 4> kSigmoidTail = {2051, -210, -11373, 16666};
inline constexpr std::int32_t kTailEnd = 1023;

constexpr std::int32_t tail(std::int32_t a, const std::array<std::int32_t, 4>& c) {
  const std::int32_t y = a << 5;  // Q.15
  const std::int32_t w = 32767 - y;
  const std::int32_t w2 = multiply_q15(w, w);
  const std::int32_t w4 = multiply_q15(w2, w2);
  const std::int32_t h2 = multiply_q15(c[3], y) + c[2];
  const std::int32_t h1 = multiply_q15(h2, y) + c[1];
  const std::int32_t h = multiply_q15(h1, y) + c[0];
  return multiply_q15(w4, h);
}

// log(1 + exp(-a)) in Q.8, 0..178, for a in Q.7.
constexpr std::int32_t softplus_tail(std::int32_t a) { return (tail(a, kSoftplusTail) + 8) >> 4; }

// 255 / (1 + exp(a)), 0..128, for a in Q.7.
constexpr std::int32_t sigmoid_tail(std::int32_t a) {
  return multiply_q15(tail(a, kSigmoidTail), 255 * 8);
}

// |t|, no more than kTailEnd.
constexpr std::int32_t tail_argument(std::int32_t t) {
  const std::int32_t magnitude = t < 0 ? -t : t;
  return lesser(magnitude, kTailEnd);
}

// 2 max(t, 0) in Q.8, t s16 Q8.7, no more than softplus can take.
constexpr std::int32_t positive_q8(std::int32_t t) { return 2 * lesser(greater(t, 0), 16383); }

// A hidden unit: value in Q.8 times rescale / 2^15 -> u8 in 0..greatest.
constexpr std::uint8_t hidden_u8(std::int32_t value, std::int32_t rescale, std::int32_t greatest) {
  return static_cast<std::uint8_t>(lesser(multiply_q15(value, rescale), greatest));
}

// softplus(t) = max(t, 0) + log(1 + exp(-|t|)), t s16 Q8.7, times rescale / 2^15 -> u8 in
// 0..greatest. `tail_of` is softplus_tail or a table of it.
template <typename TailOf>
constexpr std::uint8_t softplus_u8(std::int32_t t, std::int32_t rescale, std::int32_t greatest,
                                   TailOf&& tail_of) {
  const std::int32_t value = positive_q8(t) + tail_of(tail_argument(t));
  return hidden_u8(lesser(value, 32767), rescale, greatest);
}

// The same of max(t, 0): softplus without its tail.
constexpr std::uint8_t relu_u8(std::int32_t t, std::int32_t rescale, std::int32_t greatest) {
  return hidden_u8(positive_q8(t), rescale, greatest);
}

// 255 / (1 + exp(-t)), t s16 Q8.7 -> u8 pixel: the tail of negative t, else 255 less the tail,
// which is the byte's complement.
template <typename TailOf>
constexpr std::uint8_t sigmoid_u8(std::int32_t t, TailOf&& tail_of) {
  const std::int32_t s = tail_of(tail_argument(t));
  return static_cast<std::uint8_t>(s ^ ~(t >> 31));
}

}  // namespace picovae
