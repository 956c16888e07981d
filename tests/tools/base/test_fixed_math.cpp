// Functions that have the same bits on every machine, and are as good as the C library's.
#include "tools/base/fixed_math.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"

using namespace picovae::tools;

namespace {

using Limits = std::numeric_limits<double>;

// Distance from the exact result, in units of the last place.
double ulps(double value, long double exact) {
  const double nearest = std::abs(static_cast<double>(exact));
  const double unit = std::nextafter(nearest, Limits::infinity()) - nearest;
  return static_cast<double>(std::abs(value - exact) / unit);
}

// Where long double is double, its functions are off by half a unit themselves.
constexpr double kBound = std::numeric_limits<long double>::digits > Limits::digits ? 1.0 : 1.6;

// `count` arguments, evenly spaced.
std::vector<double> grid(double from, double to, int count) {
  std::vector<double> points;
  for (int i = 0; i < count; ++i) points.push_back(from + (to - from) * i / count);
  return points;
}

// The largest distance over all arguments.
template <typename Function, typename Exact>
double largest_error(const std::vector<double>& points, Function function, Exact exact) {
  double largest = 0;
  for (const double x : points) {
    largest = std::max(largest, ulps(function(x), exact(static_cast<long double>(x))));
  }
  return largest;
}

template <typename Function>
std::uint32_t checksum(const std::vector<double>& points, Function function) {
  std::vector<double> results;
  for (const double x : points) results.push_back(function(x));
  return picovae::crc32c(std::as_bytes(std::span(results)));
}

// 2^e, 1.37 * 2^e for every e of a normal number.
std::vector<double> every_exponent() {
  std::vector<double> points;
  for (int e = -1022; e < 1023; ++e) {
    points.push_back(std::ldexp(1.0, e));
    points.push_back(std::ldexp(1.37, e));
  }
  return points;
}

constexpr int kMany = 200000;

}  // namespace

TEST_CASE("results are within a unit of the last place") {
  const auto exp_l = [](long double x) { return std::exp(x); };
  CHECK(largest_error(grid(-708, 709.7, kMany), fixed::exp, exp_l) < kBound);
  CHECK(largest_error(grid(-1, 1, kMany), fixed::exp, exp_l) < kBound);
  CHECK(largest_error(grid(-745, -708, kMany), fixed::exp, exp_l) < 2 * kBound);  // subnormal

  const auto log_l = [](long double x) { return std::log(x); };
  CHECK(largest_error(grid(0.5, 2.0, kMany), fixed::log, log_l) < kBound);
  CHECK(largest_error(grid(1e-3, 1000, kMany), fixed::log, log_l) < kBound);
  CHECK(largest_error(every_exponent(), fixed::log, log_l) < kBound);
  CHECK(largest_error(grid(5e-324, 2e-308, 1000), fixed::log, log_l) < kBound);

  const auto log1p_l = [](long double x) { return std::log1p(x); };
  CHECK(largest_error(grid(0, 1, kMany), fixed::log1p, log1p_l) < kBound);
  CHECK(largest_error(grid(0, 1e-7, kMany), fixed::log1p, log1p_l) < kBound);
  CHECK(largest_error(grid(1, 1e5, kMany), fixed::log1p, log1p_l) < kBound);
  std::vector<double> small = every_exponent();
  std::erase_if(small, [](double x) { return x > 1e300; });
  CHECK(largest_error(small, fixed::log1p, log1p_l) < kBound);

  const auto softplus_l = [](long double x) {
    return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
  };
  CHECK(largest_error(grid(-700, 700, kMany), fixed::softplus, softplus_l) < 2 * kBound);

  for (const double x : grid(-20, 20, kMany)) {
    CHECK_UNARY(std::abs(fixed::cos(x) - std::cos(x)) <= Limits::epsilon());
  }
  CHECK(std::abs(fixed::cos(1e6) - std::cos(1e6)) <= Limits::epsilon());

  CHECK(fixed::power(0.0, 0) == 1);
  CHECK(fixed::power(3.0, 13) == 1594323);
  CHECK(fixed::power(-2.0, 63) == -0x1p63);
  for (const std::uint64_t n : {1u, 2u, 7u, 100u, 18000u}) {
    CAPTURE(n);
    CHECK(ulps(fixed::power(0.99, n), std::pow(static_cast<long double>(0.99), n)) <=
          static_cast<double>(n));
  }
}

TEST_CASE("the ends of the range") {
  constexpr double kInfinity = Limits::infinity();
  CHECK(fixed::exp(0.0) == 1);
  CHECK(fixed::exp(-kInfinity) == 0);
  CHECK(fixed::exp(-746.0) == 0);
  CHECK(fixed::exp(-745.0) == Limits::denorm_min());
  CHECK(fixed::exp(709.78) < kInfinity);
  CHECK(fixed::exp(709.79) == kInfinity);
  CHECK(fixed::exp(kInfinity) == kInfinity);
  CHECK(std::isnan(fixed::exp(Limits::quiet_NaN())));

  CHECK(fixed::log(1.0) == 0);
  CHECK(fixed::log(0.0) == -kInfinity);
  CHECK(fixed::log(kInfinity) == kInfinity);
  CHECK(std::isnan(fixed::log(-1.0)));
  CHECK(std::isnan(fixed::log(Limits::quiet_NaN())));

  CHECK(fixed::log1p(0.0) == 0);
  CHECK(fixed::log1p(5e-324) == 5e-324);
  CHECK(std::isnan(fixed::log1p(Limits::quiet_NaN())));

  CHECK(fixed::softplus(-kInfinity) == 0);
  CHECK(fixed::softplus(kInfinity) == kInfinity);
  CHECK(std::isnan(fixed::softplus(Limits::quiet_NaN())));

  CHECK(fixed::cos(0.0) == 1);
}

TEST_CASE("the bits are the same on every machine") {
  CHECK(checksum(grid(-750, 710, kMany), fixed::exp) == 0x6a3a22e8);
  CHECK(checksum(grid(-1, 1, kMany), fixed::exp) == 0xb5a70f51);
  CHECK(checksum(grid(1e-3, 1000, kMany), fixed::log) == 0x139b5be4);
  CHECK(checksum(every_exponent(), fixed::log) == 0x98eb578a);
  CHECK(checksum(grid(0, 1, kMany), fixed::log1p) == 0xdb488a4c);
  CHECK(checksum(grid(-700, 700, kMany), fixed::softplus) == 0x0c9ef35e);
  CHECK(checksum(grid(-20, 20, kMany), fixed::cos) == 0x74b15406);
  CHECK(checksum(grid(0.5, 1.01, kMany), [](double x) { return fixed::power(x, 1000); }) ==
        0x00147f25);
  static_assert(fixed::exp(1.0) == 0x1.5bf0a8b14576ap+1);  // by the compiler as well
}
