// Softplus, ReLU and the sigmoid of every ISA, through layers made so that any argument reaches
// them.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "requantize.hpp"
#include "tests/engine/packed_layer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

// ---- s8: a layer of zero weights passes its bias on as t.

constexpr std::int32_t kLowestT = -32768, kHighestT = 32767;
constexpr std::size_t kOutputs = 4096;  // 16 such layers hold every t

// One u8 a t, in order.
std::vector<std::uint8_t> activate_every_t(const Kernels& kernels, Activation activation,
                                           std::int16_t rescale,
                                           std::uint8_t greatest = kMaxActivation) {
  auto layer =
      make_layer<S8Layer>(1, kOutputs, [](std::size_t, std::size_t) { return std::int8_t{0}; });
  layer.activation = activation;
  layer.greatest = greatest;
  std::fill(layer.rescale.begin(), layer.rescale.end(), rescale);
  const std::uint8_t x[kInputPad] = {1};
  std::vector<std::uint8_t> y(65536);
  for (std::size_t first = 0; first < y.size(); first += kOutputs) {
    for (std::size_t j = 0; j < kOutputs; ++j) {
      layer.bias[j] = kLowestT + static_cast<std::int32_t>(first + j);
    }
    kernels.s8(layer.dense(), x, kInputPad, y.data() + first, kOutputs, 1);
  }
  return y;
}

// expected(t, rescale, greatest): what a hidden layer gives.
template <typename Expected>
void check_every_t(Activation activation, Expected expected) {
  for (const Kernels* kernels : runnable_kernels(&Kernels::s8)) {
    CAPTURE(std::string(kernels->name));
    for (const int rescale :
         {0, 1, 2, 3, 64, 127, 128, 255, 1000, 2048, 5000, 12345, 16384, 23170, 32766, 32767}) {
      CAPTURE(rescale);
      for (const int greatest : {127, 170, 255}) {
        CAPTURE(greatest);
        const auto y = activate_every_t(*kernels, activation, static_cast<std::int16_t>(rescale),
                                        static_cast<std::uint8_t>(greatest));
        for (std::int32_t t = kLowestT; t <= kHighestT; ++t) {
          const std::uint8_t found = y[static_cast<std::size_t>(t - kLowestT)];
          if (found == expected(t, rescale, greatest)) continue;
          CAPTURE(t);
          REQUIRE(found == expected(t, rescale, greatest));
        }
      }
    }
  }
}

TEST_CASE("the s8 softplus of every t equals requantize.hpp on every ISA") {
  check_every_t(Activation::kSoftplus, [](std::int32_t t, std::int32_t rescale, int greatest) {
    return softplus_u8(t, rescale, greatest, softplus_tail);
  });
}

TEST_CASE("the s8 ReLU of every t equals requantize.hpp on every ISA") {
  check_every_t(Activation::kRelu, relu_u8);
}

TEST_CASE("the s8 ReLU is max(t, 0) in steps of its rescale, and softplus where that has no tail") {
  for (const std::int32_t rescale : {1, 127, 1000, 5000, 32767}) {
    for (std::int32_t t = kLowestT; t <= kHighestT; ++t) {
      const double value = 2 * std::clamp(t, 0, 16383);
      const double wanted = std::fmin(std::floor(value * rescale / 32768 + 0.5), 200);
      const int found = relu_u8(t, rescale, 200);
      const bool ok = found == wanted && (std::abs(t) < kTailEnd ||
                                          found == softplus_u8(t, rescale, 200, softplus_tail));
      if (!ok) {
        CAPTURE(t);
        CAPTURE(rescale);
        REQUIRE(ok);
      }
    }
  }
}

TEST_CASE("the s8 sigmoid of every t equals requantize.hpp on every ISA") {
  for (const Kernels* kernels : runnable_kernels(&Kernels::s8)) {
    CAPTURE(std::string(kernels->name));
    const auto y = activate_every_t(*kernels, Activation::kSigmoid, 0);
    for (std::int32_t t = kLowestT; t <= kHighestT; ++t) {
      CAPTURE(t);
      REQUIRE(y[static_cast<std::size_t>(t - kLowestT)] == sigmoid_u8(t, sigmoid_tail));
    }
  }
}

// What requantize.hpp approximates: the true functions, in the units of the formats.
TEST_CASE("the s8 activations are within a step of softplus and of the sigmoid") {
  double softplus_error = 0, sigmoid_error = 0;
  for (std::int32_t t = kLowestT; t <= kHighestT; ++t) {
    const double x = t / 128.0;
    const double tail = std::log1p(std::exp(-std::fabs(x))) * 256;  // Q.8
    softplus_error = std::max(softplus_error, std::fabs(softplus_tail(tail_argument(t)) - tail));
    sigmoid_error =
        std::max(sigmoid_error, std::fabs(sigmoid_u8(t, sigmoid_tail) - 255 / (1 + std::exp(-x))));
  }
  CHECK(softplus_error < 1.0);
  CHECK(sigmoid_error < 1.0);
}

// ---- f32: a 1 x 1 layer of weight 1 passes x on.

std::vector<float> activate(const Kernels& kernels, Activation activation,
                            const std::vector<float>& x) {
  auto layer = make_layer<F32Layer>(1, 1, [](std::size_t, std::size_t) { return 1.0f; });
  layer.activation = activation;
  std::vector<float> y(x.size());
  kernels.f32(layer.dense(), x.data(), 1, y.data(), 1, x.size());
  return y;
}

double exact(Activation activation, double x) {
  if (activation == Activation::kSigmoid) return 1 / (1 + std::exp(-x));
  if (activation == Activation::kRelu) return std::fmax(x, 0);
  return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x)));
}

// Every 4,099th float of both signs, which meets all exponents, and 400,000 from -100 to 100.
std::vector<float> finite_arguments() {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < 0x7f800000; bits += 4099) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    x.push_back(-x.back());
  }
  for (int i = -200000; i <= 200000; ++i) x.push_back(static_cast<float>(i * (100.0 / 200000)));
  x.push_back(std::numeric_limits<float>::max());
  x.push_back(std::numeric_limits<float>::lowest());
  return x;
}

// In units of the last place of an f32; below the smallest normal number only close to 0 is asked.
double error_in_ulp(float got, double wanted, double ulp) {
  constexpr double kSmallest = std::numeric_limits<float>::min();
  if (wanted >= kSmallest) return std::fabs(double{got} - wanted) / ulp;
  return got >= 0.0f && double{got} <= 2 * kSmallest ? 0 : std::numeric_limits<double>::infinity();
}

TEST_CASE("f32 activations are within 3 ulp of exact for any finite argument") {
  const std::vector<float> x = finite_arguments();
  for (const Activation activation :
       {Activation::kSoftplus, Activation::kSigmoid, Activation::kRelu}) {
    CAPTURE(static_cast<int>(activation));
    std::vector<double> wanted, ulp;
    for (const float argument : x) {
      wanted.push_back(exact(activation, double{argument}));
      ulp.push_back(std::ldexp(1.0, std::ilogb(wanted.back()) - 23));
    }
    for (const Kernels* kernels : runnable_kernels(&Kernels::f32)) {
      CAPTURE(std::string(kernels->name));
      const std::vector<float> y = activate(*kernels, activation, x);
      double worst = 0;
      float worst_at = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = error_in_ulp(y[i], wanted[i], ulp[i]);
        if (!(error <= worst)) {
          worst = error;
          worst_at = x[i];
        }
      }
      CAPTURE(worst_at);
      CHECK(worst <= 3.0);
    }
  }
}

TEST_CASE("f32 activations equal the reference bit for bit where multiply-add is fused") {
  const std::vector<float> x = finite_arguments();
  for (const Activation activation :
       {Activation::kSoftplus, Activation::kSigmoid, Activation::kRelu}) {
    CAPTURE(static_cast<int>(activation));
    const std::vector<float> expected = activate(kScalarKernels, activation, x);
    for (const Kernels* kernels : runnable_kernels(&Kernels::f32)) {
      if (!equals_reference(*kernels)) continue;
      CAPTURE(std::string(kernels->name));
      CHECK(activate(*kernels, activation, x) == expected);
    }
  }
}

TEST_CASE("f32 activations pass NaN on, and reach their limits at infinity") {
  std::vector<float> nans;
  for (const std::uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u, 0x7fffffffu,
                                   0xffffffffu, 0x7fc12345u}) {
    nans.push_back(std::bit_cast<float>(bits));
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Kernels* kernels : runnable_kernels(&Kernels::f32)) {
    CAPTURE(std::string(kernels->name));
    for (const Activation activation :
         {Activation::kIdentity, Activation::kSoftplus, Activation::kSigmoid, Activation::kRelu}) {
      CAPTURE(static_cast<int>(activation));
      for (const float y : activate(*kernels, activation, nans)) CHECK(std::isnan(y));
    }
    const auto softplus = activate(*kernels, Activation::kSoftplus, {-infinity, infinity});
    CHECK(softplus[0] == doctest::Approx(0).epsilon(1e-30));
    CHECK(softplus[1] == infinity);
    const auto sigmoid = activate(*kernels, Activation::kSigmoid, {-infinity, infinity});
    CHECK(sigmoid[0] == doctest::Approx(0).epsilon(1e-30));
    CHECK(sigmoid[1] == 1.0f);
    const auto relu = activate(*kernels, Activation::kRelu, {-infinity, infinity, -1.5f, 1.5f});
    CHECK(relu == std::vector<float>{0, infinity, 0, 1.5f});
  }
}

}  // namespace
