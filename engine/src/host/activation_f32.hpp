// exp, softplus and the sigmoid in f32, for every ISA: polynomials fitted for this engine, within
// 3 ulp if the result is a normal number, free of overflow, NaN for NaN.
//
// All work on N vectors side by side, each step on all of them before the next: a single vector is
// one long chain of arithmetic, but several overlap.
#pragma once

#include <bit>

#include "host/simd.hpp"
#include "picovae/kernels.hpp"

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

// log(1 + t) / t on 0 <= t <= 1, relative error 3e-8.
inline constexpr float kLog1p[] = {9.9999996988e-01f,  -4.9999493138e-01f, 3.3319096754e-01f,
                                   -2.4842981791e-01f, 1.9106005107e-01f,  -1.3663242277e-01f,
                                   7.8225910412e-02f,  -2.9505213312e-02f, 5.2326879093e-03f};

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
  // Adding 1.5 * 2^23 rounds to an integer, in the lowest bits; 127 more makes these the exponent
  // field of 2^n.
  const Floats rounder(12582912.0f + 127.0f);
  Floats shifted[N], r[N];
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    x[i] = xsimd::max(Floats(-87.33654f), x[i]);  // in this order x86's max passes a NaN on
    shifted[i] = Simd::multiply_add(x[i], Floats(1.44269504f), rounder);
  });
  unroll<N>([&](auto i) __attribute__((always_inline)) {
    const Floats n = shifted[i] - rounder;
    r[i] =
        Simd::multiply_add(n, Floats(-0.693145752f), x[i]);  // ln(2) in two parts, the first exact
    r[i] = Simd::multiply_add(n, Floats(-1.42860677e-6f), r[i]);
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
}

}  // namespace
}  // namespace picovae
