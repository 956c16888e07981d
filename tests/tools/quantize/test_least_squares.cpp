#include "tools/quantize/least_squares.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/engine/random_models.hpp"
#include "tools/base/aligned.hpp"

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

namespace {

// Inputs that move together, as neighboring pixels do: 0 to `most`.
AlignedRows<float> correlated_inputs(std::size_t count, std::size_t width, Dice& dice,
                                     double most = 127) {
  AlignedRows<float> x(count, width);
  for (std::size_t row = 0; row < count; ++row) {
    const double common = dice.uniform(0, most - 37);
    for (std::size_t i = 0; i < width; ++i) {
      x.row(row)[i] = static_cast<float>(std::floor(common + dice.uniform(0, 38)));
    }
  }
  return x;
}

}  // namespace

TEST_CASE("moments are those of the rows, exactly for whole numbers, on any number of threads") {
  constexpr std::size_t kRows = 2500, kUsed = 2300, kIn = 70, kOut = 5;
  Dice dice(4);
  AlignedRows<float> x = correlated_inputs(kRows, kIn, dice, kMostActivation);
  for (std::size_t row = 0; row < kRows; ++row)
    x.row(row)[3] = kMostActivation;  // the largest sums
  AlignedRows<float> y(kRows, kOut);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t j = 0; j < kOut; ++j) y.row(row)[j] = static_cast<float>(dice.uniform(-3, 3));
  }
  const Moments moments = compute_moments(x, y, kUsed, kScalarKernels, 1);
  REQUIRE(moments.in == kIn);
  REQUIRE(moments.out == kOut);
  const auto mean_product = [&](const AlignedRows<float>& a, std::size_t i,
                                const AlignedRows<float>& b, std::size_t j) {
    double sum = 0;
    for (std::size_t row = 0; row < kUsed; ++row) {
      sum += static_cast<double>(a.row(row)[i]) * static_cast<double>(b.row(row)[j]);
    }
    return sum / kUsed;
  };
  for (std::size_t i = 0; i < kIn; ++i) {
    for (std::size_t j = 0; j < kIn; ++j) {
      const double expected = mean_product(x, i, x, j) - moments.mean_x[i] * moments.mean_x[j];
      REQUIRE(moments.covariance[i * kIn + j] == expected);
    }
    for (std::size_t j = 0; j < kOut; ++j) {
      const double expected = mean_product(y, j, x, i) - moments.mean_x[i] * moments.mean_y[j];
      REQUIRE(moments.cross[j * kIn + i] == doctest::Approx(expected).epsilon(1e-4).scale(1));
    }
  }
  const Moments threaded = compute_moments(x, y, kUsed, kScalarKernels, 3);
  CHECK(threaded.covariance == moments.covariance);
  CHECK(threaded.cross == moments.cross);
}

TEST_CASE("least squares finds the weights, and leaves those of dead inputs") {
  constexpr std::size_t kRows = 3000, kIn = 12, kDead = 7;
  Dice dice(5);
  AlignedRows<float> x = correlated_inputs(kRows, kIn, dice);
  AlignedRows<float> y(kRows, 1);
  std::vector<double> truth;
  for (std::size_t i = 0; i < kIn; ++i) truth.push_back(dice.uniform(-1, 1));
  for (std::size_t row = 0; row < kRows; ++row) {
    x.row(row)[kDead] = 30;
    double sum = 5;
    for (std::size_t i = 0; i < kIn; ++i) sum += truth[i] * static_cast<double>(x.row(row)[i]);
    y.row(row)[0] = static_cast<float>(sum);
  }
  const std::vector<double> prior(kIn, 0.25);
  const Moments moments = compute_moments(x, y, kRows, kScalarKernels, 1);
  const std::vector<double> found = fit_weights(moments, prior, 1e-5, 2);
  for (std::size_t i = 0; i < kIn; ++i) {
    CAPTURE(i);
    CHECK(std::abs(found[i] - (i == kDead ? 0.25 : truth[i])) < 0.001);
  }
  // A strong pull leads to the prior.
  for (const double w : fit_weights(moments, prior, 1e6, 1)) CHECK(std::abs(w - 0.25) < 0.001);
}

TEST_CASE("large inputs that never vary have weights, whatever their sums round to") {
  constexpr std::size_t kIn = 3;
  const std::vector<double> prior = {0.25, -0.5, 0.125};
  for (std::size_t rows = 2; rows < 40; ++rows) {
    CAPTURE(rows);
    AlignedRows<float> x(rows, kIn), y(rows, 1);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < kIn; ++i) x.row(row)[i] = 8191.0F - 2.0F * static_cast<float>(i);
      y.row(row)[0] = 7;
    }
    const Moments moments = compute_moments(x, y, rows, kScalarKernels, 1);
    const std::vector<double> found = fit_weights(moments, prior, 0.3, 1);
    for (std::size_t i = 0; i < kIn; ++i) CHECK(std::abs(found[i]) < 2);
    std::vector<std::int8_t> q(kIn);
    WeightRounder(moments.covariance, kIn, 0.05).round(prior, 0.125, q);
    CHECK(q == std::vector<std::int8_t>{2, -4, 1});  // without an error, whatever the order
  }
}

TEST_CASE("rounding makes up for its errors if inputs move together") {
  constexpr std::size_t kIn = 60;
  Dice dice(6);
  const AlignedRows<float> x = correlated_inputs(3000, kIn, dice);
  const Moments moments = compute_moments(x, AlignedRows<float>(3000, 1), 3000, kScalarKernels, 1);
  const WeightRounder rounder(moments.covariance, kIn, 0.01);
  double gptq = 0;
  double nearest = 0;
  for (int row = 0; row < 50; ++row) {
    std::vector<double> weight;
    for (std::size_t i = 0; i < kIn; ++i) weight.push_back(dice.uniform(-10, 10));
    std::vector<std::int8_t> q(kIn);
    rounder.round(weight, 1.0, q);
    // Variance of the output's error.
    const auto error = [&](auto&& rounded) {
      double sum = 0;
      for (std::size_t i = 0; i < kIn; ++i) {
        for (std::size_t j = 0; j < kIn; ++j) {
          sum +=
              (rounded(i) - weight[i]) * moments.covariance[i * kIn + j] * (rounded(j) - weight[j]);
        }
      }
      return sum;
    };
    gptq += error([&](std::size_t i) { return static_cast<double>(q[i]); });
    nearest += error([&](std::size_t i) { return std::round(weight[i]); });
  }
  CHECK(gptq < 0.5 * nearest);
}

TEST_CASE("weights beyond the range are cut, not wrapped") {
  const std::vector<double> covariance = {4, 0, 0, 4};
  std::vector<std::int8_t> q(2);
  WeightRounder(covariance, 2, 0.05).round(std::vector<double>{1000, -1000}, 1.0, q);
  CHECK(q == std::vector<std::int8_t>{127, -127});
}

TEST_CASE("weights of 4 bits are multiples of their group's scale, -8 to 7 times") {
  constexpr std::size_t kIn = 40;  // two groups
  std::vector<double> covariance(kIn * kIn), weight(kIn);
  for (std::size_t i = 0; i < kIn; ++i) covariance[i * kIn + i] = 4;
  weight[0] = 2.9;
  weight[1] = 1000;  // too large
  weight[2] = -1000;
  weight[35] = 22;  // of the second group
  weight[36] = -1000;
  std::vector<std::int8_t> q(kIn);
  const std::vector<std::uint8_t> groups = {3, 15};
  WeightRounder(covariance, kIn, 0.05).round(weight, 1.0, q, groups);
  CHECK(q[0] == 3);
  CHECK(q[1] == 21);
  CHECK(q[2] == -24);
  CHECK(q[35] == 15);
  CHECK(q[36] == -120);
}
