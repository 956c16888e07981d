// exp, softplus and the sigmoid in f32, for every ISA: polynomials of our own fitting, within 3 ulp
// wherever the result is a normal number, free of overflow, NaN for NaN.
//
// An Isa gives Floats (an xsimd batch) and multiply_add(a, b, c) = a * b + c, rounded once; and
// reciprocal(x), within an ulp, where xsimd's division is no division.
#pragma once

#include "picovae/kernels.hpp"
#include "simd.hpp"

namespace picovae {
namespace {

// e^r on |r| <= ln(2) / 2, relative error 6e-10 before rounding.
inline constexpr float kExp[] = {1.0f,
                                 1.0f,
                                 4.9999992032e-1f,
                                 1.6666419191e-1f,
                                 4.1668231875e-2f,
                                 8.3748983402e-3f,
                                 1.3836737940e-3f};

// log(1 + t) / t on 0 <= t <= 1, relative error 5e-9.
inline constexpr float kLog1p[] = {
    9.9999999529e-1f,  -4.9999902417e-1f, 3.3329962268e-1f,  -2.4954132137e-1f, 1.9675931469e-1f,
    -1.5305570134e-1f, 1.0603616898e-1f,  -5.6959159344e-2f, 1.9851262765e-2f,  -3.2439808923e-3f};

// Horner's rule, highest coefficient first.
template <typename Isa, std::size_t N>
PICOVAE_INLINE typename Isa::Floats polynomial(const float (&c)[N], typename Isa::Floats x) {
  typename Isa::Floats sum(c[N - 1]);
  unroll<N - 1>([&](auto i) __attribute__((always_inline)) {
    sum = Isa::multiply_add(sum, x, typename Isa::Floats(c[N - 2 - i]));
  });
  return sum;
}

// e^x for x <= 88; below -87.33654 (the smallest normal number) e^-87.33654.
template <typename Isa>
PICOVAE_INLINE typename Isa::Floats exp_f32(typename Isa::Floats x) {
  using Floats = typename Isa::Floats;
  using Ints = typename Isa::Ints;
  x = xsimd::max(Floats(-87.33654f), x);  // in this order x86's max passes a NaN on
  // Adding 1.5 * 2^23 rounds to an integer, in the lowest bits; 127 more makes these the exponent
  // field of 2^n.
  const Floats rounder(12582912.0f + 127.0f);
  const Floats shifted = Isa::multiply_add(x, Floats(1.44269504f), rounder);
  const Floats n = shifted - rounder;
  Floats r = Isa::multiply_add(n, Floats(-0.693145752f), x);  // ln(2) in two parts, the first exact
  r = Isa::multiply_add(n, Floats(-1.42860677e-6f), r);
  const Ints power = xsimd::bitwise_cast<Ints>(shifted) << 23;
  return polynomial<Isa>(kExp, r) * xsimd::bitwise_cast<Floats>(power);
}

// log(1 + e^x) = max(x, 0) + log(1 + t), t = e^-|x|.
template <typename Isa>
PICOVAE_INLINE typename Isa::Floats softplus_f32(typename Isa::Floats x) {
  using Floats = typename Isa::Floats;
  const Floats t = exp_f32<Isa>(-xsimd::abs(x));
  return Isa::multiply_add(polynomial<Isa>(kLog1p, t), t, xsimd::max(Floats(0.0f), x));
}

// 1 / (1 + e^-x).
template <typename Isa>
PICOVAE_INLINE typename Isa::Floats sigmoid_f32(typename Isa::Floats x) {
  using Floats = typename Isa::Floats;
  const Floats e = exp_f32<Isa>(xsimd::min(Floats(88.0f), -x));
  if constexpr (requires { Isa::reciprocal(e); }) {
    return Isa::reciprocal(Floats(1.0f) + e);
  } else {
    return Floats(1.0f) / (Floats(1.0f) + e);
  }
}

template <typename Isa, Activation kActivation>
PICOVAE_INLINE typename Isa::Floats activate_f32(typename Isa::Floats x) {
  if constexpr (kActivation == Activation::kSoftplus) {
    return softplus_f32<Isa>(x);
  } else if constexpr (kActivation == Activation::kSigmoid) {
    return sigmoid_f32<Isa>(x);
  } else {
    return x;
  }
}

}  // namespace
}  // namespace picovae
