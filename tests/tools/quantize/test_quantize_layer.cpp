#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/aligned.hpp"
#include "tools/quantize/least_squares.hpp"
#include "tools/quantize/quantize_layer.hpp"
#include "tools/quantize/run_layer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

constexpr double kDamping = 0.05;

// Independent inputs of mean 50 and outputs of mean 1: rounding is to nearest.
Moments independent_inputs(std::size_t in, std::size_t out) {
  Moments moments{in, out, {}, {}, {}, {}};
  moments.mean_x.assign(in, 50);
  moments.mean_y.assign(out, 1);
  moments.covariance.assign(in * in, 0);
  for (std::size_t i = 0; i < in; ++i) moments.covariance[i * in + i] = 100;
  moments.cross.assign(out * in, 0);
  return moments;
}

QuantizedLayer round_layer(Layer index, const std::vector<double>& weight, std::size_t in,
                           std::size_t out) {
  QuantizedLayer layer = quantize_layer(index, weight, independent_inputs(in, out), kDamping, 1);
  const Bounds bounds = layer_bounds(layer, index);
  CHECK(bounds.sum <= greatest_bounds(index).sum);
  CHECK(bounds.scaled <= greatest_bounds(index).scaled);
  return layer;
}

double scale_of(const QuantizedLayer& layer, Layer index, std::size_t j) {
  return std::ldexp(layer.multiplier[j],
                    -(output_bits(index, layer.out)[j] + layer.pre_shift + layer.post_shift));
}

void check_within_half_a_step(const QuantizedLayer& layer, Layer index, std::size_t j,
                              const std::vector<double>& weight) {
  const double scale = scale_of(layer, index, j);
  for (std::size_t k = 0; k < layer.in; ++k) {
    const std::size_t i = j * layer.in + k;
    REQUIRE(std::abs(layer.weight[i] * scale - weight[i]) <= 0.5 * scale * (1 + 1e-9));
  }
}

}  // namespace

TEST_CASE(
    "a row's scale is its multiplier times a power of two, and representable rows are exact") {
  Dice dice(1);
  constexpr std::size_t kIn = 40, kOut = 30;
  for (const Layer index : {kEncoder0, kEncoderHeads, kDecoder0, kDecoder2}) {
    CAPTURE(static_cast<int>(index));
    const auto bits = output_bits(index, kOut);
    const int pre = index == kDecoder0 ? 6 : 0;
    std::vector<double> weight;
    std::vector<int> q;
    std::vector<int> multiplier;
    for (std::size_t j = 0; j < kOut; ++j) {
      multiplier.push_back(j == 5 ? 1000 : dice.between(1, 1023));
      for (std::size_t k = 0; k < kIn; ++k) {
        q.push_back(k == 3 ? -127 : dice.between(-127, 127));
        weight.push_back(std::ldexp(multiplier[j] * q.back(), -(bits[j] + pre + 14)));
      }
    }
    const QuantizedLayer layer = round_layer(index, weight, kIn, kOut);
    CHECK(layer.pre_shift == pre);
    CHECK(layer.post_shift == 14);
    CHECK(std::equal(multiplier.begin(), multiplier.end(), layer.multiplier.begin()));
    CHECK(std::equal(q.begin(), q.end(), layer.weight.begin()));
  }
}

TEST_CASE("mu has 12 fraction bits, logvar 10, everything else 7") {
  CHECK(output_bits(kEncoderHeads, 4) == std::vector<int>{12, 12, 10, 10});
  for (const Layer index : {kEncoder0, kEncoder1, kDecoder0, kDecoder1, kDecoder2}) {
    CHECK(output_bits(index, 3) == std::vector<int>{7, 7, 7});
  }
}

TEST_CASE("a row whose sum would leave its range gets a larger scale, the others do not") {
  constexpr std::size_t kIn = 784, kOut = 3;
  Dice dice(2);
  std::vector<double> weight(kIn * kOut, 0.01);  // row 1: 784 * 127 * 127 > 2^23
  for (std::size_t k = 0; k < kIn; ++k) {
    weight[k] = dice.uniform(-0.01, 0.01);
    weight[2 * kIn + k] = -weight[kIn + k];
  }
  // Row 0 has the largest scale, one that multipliers give exactly; products with the others'
  // multipliers stay small.
  weight[0] = std::ldexp(127 * 1000, -20);
  const QuantizedLayer layer = round_layer(kEncoder0, weight, kIn, kOut);
  CHECK(layer.post_shift == 13);
  CHECK(layer.multiplier[0] == 1000);
  CHECK(layer.weight[0] == 127);
  CHECK(row_bounds(layer, kEncoder0, 1).sum > greatest_bounds(kEncoder0).sum * 9 / 10);
  CHECK(row_bounds(layer, kEncoder0, 2).sum > greatest_bounds(kEncoder0).sum * 9 / 10);
  for (std::size_t j = 0; j < kOut; ++j) check_within_half_a_step(layer, kEncoder0, j, weight);
}

TEST_CASE("a row whose weights have too large neighbors gets a larger scale, the others do not") {
  constexpr std::size_t kIn = 38, kOut = 6;  // the last group has two inputs
  constexpr std::uint8_t kGreatest = 170;
  const auto round = [](Layer index, const std::vector<double>& weight, std::uint8_t greatest) {
    return quantize_layer(index, weight, independent_inputs(kIn, kOut), kDamping, 1, 8, greatest);
  };
  Dice dice(4);
  std::vector<double> weight(kIn * kOut);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    weight[i] = i % kIn == 0 ? 0.0127 : dice.uniform(-1e-4, 1e-4);
  }
  const auto set = [&](std::size_t j, std::size_t k, double value) { weight[j * kIn + k] = value; };
  set(1, 5, 0.0127);  // beside 4, for VPMADDUBSW
  set(1, 4, 0.0127);
  set(2, 10, -0.0127);
  set(2, 11, -0.0127);
  set(3, 20, 0.0127);  // two apart, for M0's multiply
  set(3, 22, 0.0127);
  set(4, 37, 0.0127);  // two apart from an input that is not there
  const QuantizedLayer before = round(kDecoder1, weight, kMaxActivation);
  const QuantizedLayer layer = round(kDecoder1, weight, kGreatest);
  CHECK(layer.greatest == kGreatest);
  const std::array<double, kOut> larger = {1, 254.0 / 192, 254.0 / 192, 254.0 / 129, 127.0 / 65, 1};
  for (std::size_t j = 0; j < kOut; ++j) {
    CAPTURE(j);
    const double ratio = scale_of(layer, kDecoder1, j) / scale_of(before, kDecoder1, j);
    CHECK(ratio == doctest::Approx(larger[j]).epsilon(0.03));
    check_within_half_a_step(layer, kDecoder1, j, weight);
    for (std::size_t first = 0; first < kIn; first += 4) {
      std::int32_t w[4] = {};
      const std::size_t inputs = std::min<std::size_t>(4, kIn - first);
      for (std::size_t i = 0; i < inputs; ++i) w[i] = layer.weight[j * kIn + first + i];
      CHECK(GroupBounds(kGreatest, inputs).hold(w));
    }
  }
  // Pixels end at 127 in any model.
  CHECK(round(kEncoder0, weight, kGreatest).weight ==
        round(kEncoder0, weight, kMaxActivation).weight);
}

TEST_CASE("bounds are what the worst inputs give") {
  QuantizedLayer layer{.in = 3,
                       .out = 2,
                       .weight = {100, -120, 7, -5, -6, -7},
                       .bias = {1'000'000, -3},
                       .multiplier = {900, 10},
                       .rescale = {},
                       .pre_shift = 0,
                       .post_shift = 10};
  CHECK(row_bounds(layer, kDecoder1, 0).sum == 120 * 127);
  CHECK(row_bounds(layer, kDecoder1, 0).scaled == 107 * 127 * 900 + 1'000'000);
  CHECK(row_bounds(layer, kDecoder1, 1).sum == 18 * 127);
  CHECK(row_bounds(layer, kDecoder1, 1).scaled == 18 * 127 * 10 + 3);
  CHECK(layer_bounds(layer, kDecoder1).sum == 120 * 127);
  CHECK(layer_bounds(layer, kDecoder1).scaled == 107 * 127 * 900 + 1'000'000);
  layer.greatest = 200;
  CHECK(row_bounds(layer, kDecoder1, 0).sum == 120 * 200);
  CHECK(row_bounds(layer, kDecoder1, 0).scaled == 120 * 200 * 900 - 1'000'000);
  CHECK(row_bounds(layer, kEncoder0, 0).sum == 120 * 127);
  layer.pre_shift = 6;
  CHECK(row_bounds(layer, kDecoder0, 0).sum == 227 * 8191);
  CHECK(row_bounds(layer, kDecoder0, 0).scaled == (227 * 8191 >> 6) * 900 + 1'000'000);
  CHECK(row_bounds(layer, kDecoder0, 1).scaled == 2304 * 10 + 3);  // -18 * 8191 >> 6 is -2304
}

TEST_CASE("a layer whose scaled sums would leave their range gets a smaller shift") {
  constexpr std::size_t kIn = 100, kOut = 2;
  std::vector<double> weight(kIn * kOut, 0.001);
  std::fill_n(weight.begin(), kIn, 10.0);  // reaches 127,000: 2^31 in Q.7 at 7 more bits
  const QuantizedLayer layer = round_layer(kDecoder1, weight, kIn, kOut);
  CHECK(layer.post_shift <= 7);
  check_within_half_a_step(layer, kDecoder1, 0, weight);

  // The same by a bias that s32 could not hold.
  Moments moments = independent_inputs(4, 1);
  moments.mean_y[0] = 3000;
  const std::vector<double> tiny(4, 1e-6);
  const QuantizedLayer biased = quantize_layer(kDecoder1, tiny, moments, kDamping, 1);
  CHECK(biased.post_shift <= 12);
  CHECK(std::ldexp(biased.bias[0], -7 - biased.post_shift) == doctest::Approx(3000).epsilon(0.001));

  CHECK(contains(message_of([&] {
                   const std::vector<double> huge(4, 1e9);
                   quantize_layer(kDecoder1, huge, moments, kDamping, 1);
                 }),
                 "decoder.1: weights or biases are too large"));
}

TEST_CASE("a row of zeros is its mean") {
  const QuantizedLayer layer = round_layer(kDecoder2, std::vector<double>(8, 0.0), 4, 2);
  CHECK(std::all_of(layer.weight.begin(), layer.weight.end(), [](int w) { return w == 0; }));
  CHECK(layer.multiplier[0] >= 1);
  CHECK((layer.bias[0] >> layer.post_shift) == 128);  // 1 in Q.7
}

TEST_CASE("biases make the mean outputs right, the latent layer's shifts included") {
  constexpr std::size_t kRows = 2000, kIn = 10, kOut = 6;
  Dice dice(3);
  AlignedRows<std::int16_t> z(kRows, kIn);
  AlignedRows<float> x(kRows, kIn), y(kRows, kOut);
  std::vector<double> weight;
  for (std::size_t i = 0; i < kIn * kOut; ++i) weight.push_back(dice.uniform(-0.05, 0.05));
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t k = 0; k < kIn; ++k) {
      z.row(row)[k] = static_cast<std::int16_t>(dice.between(-300, 300));
      x.row(row)[k] = z.row(row)[k];
    }
    for (std::size_t j = 0; j < kOut; ++j)
      y.row(row)[j] = static_cast<float>(0.3 * static_cast<double>(j));
  }
  const Moments moments = compute_moments(x, y, kRows, kScalarKernels, 1);
  const QuantizedLayer layer = quantize_layer(kDecoder0, weight, moments, kDamping, 1);
  const auto outputs =
      IntegerLayer(layer, kDecoder0, Activation::kSoftplus, kScalarKernels).outputs(z, 1);
  for (std::size_t j = 0; j < kOut; ++j) {
    double mean = 0;
    for (std::size_t row = 0; row < kRows; ++row) mean += outputs.row(row)[j];
    CHECK(std::abs(mean / kRows - 0.3 * static_cast<double>(j) * 128) < 0.05);
  }
}
