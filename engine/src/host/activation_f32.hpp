// exp, softplus, the sigmoid and ReLU in f32, for every ISA: within 3 ulp if the result is a normal
// number, free of overflow, NaN for NaN.
//
// All work on N vectors side by side, each step on all of them before the next: a single vector is
// one long chain of arithmetic, but several overlap.
#pragma once

#include <bit>

#include "host/polynomials_f32.hpp"
#include "host/simd.hpp"
#include "picovae/kernels.hpp"

namespace picovae {
namespace {

// sum = c(x) by Horner's rule, highest coefficient first.
template <typename Simd, std::size_t Terms, std::size_t N>
PICOVAE_INLINE void polynomial(const float (&c)[Terms], const typename Simd::Floats (&x)[N],
                               typename Simd::Floats (&sum)[N]) {
  using Floats = typename Simd::Floats;
  unroll<N>([&](auto i) __attribute__((always_inline)) { sum[i] = Floats(c[Terms - 1]); });
  unroll<Terms - 1>([&](auto term) __attribute__((always_inline)) {
    const Floats next(c[Terms - 2 - term]);
    unroll<N>([&](auto i) __attribute__((always_inline)) {
      sum[i] = Simd::multiply_add(sum[i], x[i], next);
    });
  });
}

// x = e^x for x <= 88; below -87.33654 (the smallest normal number) e^-87.33654.
template <typename Simd, std::size_t N>
PICOVAE_INLINE void exp_f32(typename Simd::Floats (&x)[N]) {
  using Floats = typename Simd::Floats;
  using Ints = typename Simd::Ints;
  const Floats rounder(kToExponent);
  Floats shifted[N], r[N];
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    x[i] = xsimd::max(Floats(kLowestExponent), x[i]);  // in this order x86's max passes a NaN on
    shifted[i] = Simd::multiply_add(x[i], Floats(kLog2e), rounder);
  });
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    const Floats n = shifted[i] - rounder;
    r[i] = Simd::multiply_add(n, Floats(-kLn2High), x[i]);
    r[i] = Simd::multiply_add(n, Floats(-kLn2Low), r[i]);
  });
  polynomial<Simd>(kExp, r, x);
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    x[i] *= std::bit_cast<Floats>(std::bit_cast<Ints>(shifted[i]) << 23);
  });
}

// x = log(1 + e^x) = max(x, 0) + log(1 + t), t = e^-|x|.
template <typename Simd, std::size_t N>
PICOVAE_INLINE void softplus_f32(typename Simd::Floats (&x)[N]) {
  using Floats = typename Simd::Floats;
  Floats t[N], log1p[N];
  unroll<N>([&](auto i) __attribute__((always_inline)) { t[i] = -xsimd::abs(x[i]); });
  exp_f32<Simd>(t);
  polynomial<Simd>(kLog1p, t, log1p);
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    x[i] = Simd::multiply_add(log1p[i], t[i], xsimd::max(Floats(0.0f), x[i]));
  });
}

// x = max(x, 0).
template <typename Simd, std::size_t N>
PICOVAE_INLINE void relu_f32(typename Simd::Floats (&x)[N]) {
  using Floats = typename Simd::Floats;
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    x[i] = xsimd::max(Floats(0.0f), x[i]);  // in the order of exp_f32
  });
}

// x = 1 / (1 + e^-x).
template <typename Simd, std::size_t N>
PICOVAE_INLINE void sigmoid_f32(typename Simd::Floats (&x)[N]) {
  using Floats = typename Simd::Floats;
  const Floats one(1.0f);
  unroll<N>([&](auto i)
                __attribute__((always_inline)) { x[i] = xsimd::min(Floats(88.0f), -x[i]); });
  exp_f32<Simd>(x);
  unroll<N>([&](auto i) __attribute__((always_inline)) { x[i] = Simd::divide(one, one + x[i]); });
}

template <typename Simd, Activation kActivation, std::size_t N>
PICOVAE_INLINE void activate_f32(typename Simd::Floats (&x)[N]) {
  if constexpr (kActivation == Activation::kSoftplus) softplus_f32<Simd>(x);
  if constexpr (kActivation == Activation::kSigmoid) sigmoid_f32<Simd>(x);
  if constexpr (kActivation == Activation::kRelu) relu_f32<Simd>(x);
}

}  // namespace
}  // namespace picovae
