// exp, log, cos and powers in double with the same bits on every machine. The C library's differ by
// machine and version: glibc alone has one exp with fused multiply-add and one without.
//
// These are made of + - * / alone, in a fixed order, and must not be contracted to fused
// multiply-add. An argument is reduced as Cody and Waite do it (1980, "Software Manual for the
// Elementary Functions"): a multiple of a constant is subtracted in two parts, the first so short
// that its product is exact. What is left is small enough for the Taylor series. Without branches,
// so that compilers vectorize loops over exp, log1p and softplus.
#pragma once

#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>

namespace picovae::tools::fixed {

static_assert(FLT_EVAL_METHOD == 0 && std::numeric_limits<double>::is_iec559,
              "results need IEEE's double, rounded after each operation");

namespace detail {

// ln 2 = kLn2High + kLn2Low; the first has 42 bits, so its product with an exponent is exact.
inline constexpr double kLn2High = 0x1.62e42fefa38p-1;
inline constexpr double kLn2Low = 0x1.ef35793c7673p-45;

// Added to a small number and subtracted again, it leaves the nearest integer; in between, the low
// bits of the sum hold that integer.
inline constexpr double kToInteger = 0x1.8p52;

constexpr double from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }
constexpr std::uint64_t to_bits(double x) { return std::bit_cast<std::uint64_t>(x); }

// 2^k, k in -1022 .. 1023 in the low bits of `shifted` = k + kToInteger.
constexpr double power_of_two(double shifted) { return from_bits((to_bits(shifted) + 1023) << 52); }

// log(u) + rest for a positive normal u.
//   u = 2^k (1 + f) with 1 + f in sqrt(1/2) .. sqrt(2)
//   log(1 + f) = 2 atanh(s), s = f / (2 + f);  2 s = f - f^2 / 2 + s f^2 / 2, of which f is exact
constexpr double log_plus(double u, double rest) {
  constexpr std::uint64_t kRootOfHalf = 0x3fe6a09e667f3bcd;  // the bits of sqrt(1/2)
  constexpr std::uint64_t kOne = 0x3ff0000000000000;
  constexpr std::uint64_t kTwoTo52 = 0x4330000000000000;
  const std::uint64_t offset = to_bits(u) + (kOne - kRootOfHalf);
  const double k =
      from_bits(kTwoTo52 | (offset >> 52)) - (0x1p52 + 1023);  // no conversion of 64-bit integers
  const double f = from_bits((offset & 0x000fffffffffffff) + kRootOfHalf) - 1;
  const double s = f / (2 + f);
  const double z = s * s;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double low4 = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9));
  const double mid4 = (2.0 / 11 + z * (2.0 / 13)) + z2 * (2.0 / 15 + z * (2.0 / 17));
  const double tail = low4 + z4 * (mid4 + z4 * (2.0 / 19 + z * (2.0 / 21)));
  const double half_square = 0.5 * f * f;
  const double small = s * (half_square + tail * z) + (k * kLn2Low + rest);
  return k * kLn2High + (f - (half_square - small));
}

}  // namespace detail

// e^x, within 1 unit of the last place; 0 and infinity beyond the range of double.
constexpr double exp(double x) {
  using namespace detail;
  constexpr double kLog2e = 0x1.71547652b82fep+0;
  x = x < -750.0 ? -750.0 : x;
  x = x > 710.0 ? 710.0 : x;
  const double shifted = x * kLog2e + kToInteger;
  const double k = shifted - kToInteger;
  const double high = x - k * kLn2High;  // exact
  const double low = k * kLn2Low;
  const double r = high - low;  // at most 0.35
  // e^r = 1 + r + r^2 tail. Parts that do not wait for each other are faster than Horner's scheme.
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double low4 = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  const double mid4 = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  const double high4 =
      (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
  const double tail = low4 + r4 * (mid4 + r4 * high4);
  // Twice half of k: 2^k alone may be out of range.
  const double half = 0.5 * k + kToInteger;
  const double rest = k - (half - kToInteger) + kToInteger;
  return (1 + (high + (r2 * tail - low))) * power_of_two(half) * power_of_two(rest);
}

// The natural logarithm, within 1 unit of the last place; -infinity of 0, NaN of less.
constexpr double log(double x) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!(x > 0)) return x == 0 ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
  if (x == kInfinity) return x;
  if (x >= std::numeric_limits<double>::min()) return detail::log_plus(x, 0);
  return detail::log_plus(x * 0x1p54, 0) - 54 * (detail::kLn2High + detail::kLn2Low);
}

// log(1 + x) of x from 0 to 1e300 or NaN, within 1 unit of the last place also where x is tiny.
constexpr double log1p(double x) {
  const double u = 1 + x;
  const double lost = x < 1 ? x - (u - 1) : 1 - (u - x);  // by rounding u
  return detail::log_plus(u, lost / u) + (x - x);         // + NaN if x is one
}

// log(1 + e^x).
constexpr double softplus(double x) {
  const double positive = x > 0 ? x : 0;
  return positive + log1p(exp(x > 0 ? -x : x));
}

// The cosine of |x| up to 1e6, in radians, to 2^-52.
constexpr double cos(double x) {
  constexpr double kTwoByPi = 0x1.45f306dc9c883p-1;
  constexpr double kHalfPiHigh = 0x1.921fb544p+0;  // 33 bits
  constexpr double kHalfPiLow = 0x1.0b4611a626331p-34;
  const double shifted = x * kTwoByPi + detail::kToInteger;
  const double k = shifted - detail::kToInteger;
  const double r = (x - k * kHalfPiHigh) - k * kHalfPiLow;  // at most pi / 4
  const std::uint64_t quarter = detail::to_bits(shifted) & 3;
  // The series of cos r, or of sin r: each term is the one before by -r^2 / (n (n + 1)).
  const bool odd = quarter % 2 != 0;
  double tail = 0;
  for (int n = odd ? 18 : 17; n > 0; n -= 2) tail = (1 + tail) * (-r * r / (n * (n + 1)));
  const double size = odd ? r + r * tail : 1 + tail;
  return quarter == 1 || quarter == 2 ? -size : size;
}

// x^n by repeated squaring, within n units of the last place.
constexpr double power(double x, std::uint64_t n) {
  double result = 1;
  for (; n != 0; n /= 2, x *= x) {
    if (n % 2 != 0) result *= x;
  }
  return result;
}

}  // namespace picovae::tools::fixed
