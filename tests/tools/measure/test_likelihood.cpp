// Importance sampling against integrals that can be written down, or computed by brute force.
#include "tools/measure/likelihood.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/model.hpp"

using namespace picovae;
using namespace picovae::tools;

namespace {

constexpr std::size_t kPixels = MnistShape::kPixels;
constexpr std::size_t kLatent = MnistShape::kLatent;

void fill(std::vector<float>& values, float value) {
  std::fill(values.begin(), values.end(), value);
}

// Every image has the posterior N(0, I), except for some latents, each with another mu and sigma.
Network with_constant_posterior(Network network, std::size_t off_prior) {
  for (DenseWeights* head : {&network.mu, &network.logvar}) {
    fill(head->weight, 0);
    fill(head->bias, 0);
  }
  for (std::size_t k = 0; k < off_prior; ++k) {
    network.mu.bias[k] = 0.2f + 0.1f * static_cast<float>(k);
    network.logvar.bias[k] = -0.2f + 0.3f * static_cast<float>(k);
  }
  return network;
}

// Its decoder listens to latent 0, and to no other.
Network with_one_latent(Network network, float weight) {
  for (std::size_t i = 0; i < network.decoder0.weight.size(); ++i) {
    network.decoder0.weight[i] =
        i % kLatent == 0 ? weight * static_cast<float>(i / kLatent % 5) : 0.0f;
  }
  return network;
}

QuantizedNetwork quantized_with_one_latent(std::uint32_t seed) {
  QuantizedNetwork network = tests::random_quantized_network(MnistShape::kDimensions, seed);
  QuantizedLayer& heads = network.layers[kEncoderHeads];
  std::fill(heads.weight.begin(), heads.weight.end(), std::int8_t{0});
  std::fill(heads.bias.begin(), heads.bias.end(), 0);
  const auto set = [&](std::size_t output,
                       double value) {  // a constant, in the output's fixed point
    heads.bias[output] = static_cast<std::int32_t>(std::ldexp(value, heads.post_shift));
  };
  for (std::size_t k = 0; k < 3; ++k) {
    const auto step = static_cast<double>(k);
    set(k, (0.2 + 0.1 * step) * 4096);
    set(kLatent + k, (-0.2 + 0.3 * step) * 1024);
  }
  QuantizedLayer& first = network.layers[kDecoder0];
  for (std::size_t i = 0; i < first.weight.size(); ++i) {
    first.weight[i] = static_cast<std::int8_t>(i % (40 * kLatent) == 0 ? 1 : 0);
  }
  return network;
}

// -log of the sum over z of latent 0 of p(x|z) p(z) dz, on the points that z can take in an s8
// model. That many points are more than enough for a smooth integral.
double brute_force_nll(Model& model, std::span<const std::uint8_t> image) {
  constexpr int kStep = 8;  // 1/128: sums of smooth functions converge faster than any power
  std::vector<float> x(kPixels), z(kLatent), logits(kPixels);
  for (std::size_t i = 0; i < kPixels; ++i) x[i] = static_cast<float>(image[i]) / 255.0f;
  std::vector<double> logs;
  for (int q = -6 * 1024; q <= 6 * 1024; q += kStep) {
    z[0] = static_cast<float>(q) / 1024;
    model.decode_logits(z, logits.data());
    const double prior = -0.5 * (z[0] * z[0] + std::log(2 * std::numbers::pi));
    logs.push_back(prior - bernoulli_cross_entropy(logits, x));
  }
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double v : logs) sum += std::exp(v - largest) * kStep / 1024;
  return -largest - std::log(sum);
}

}  // namespace

TEST_CASE("log-mean-exp of what overflows, underflows, or is certainly zero") {
  LogMeanExp mean;
  for (const double v : {-2000.0, 1000.0, 1000.0 + std::log(3.0), -900.0}) mean.add(v);
  CHECK(mean.value() == doctest::Approx(1000).epsilon(1e-15));  // log((e^1000 + 3 e^1000) / 4)

  LogMeanExp with_zero;
  with_zero.add(-std::numeric_limits<double>::infinity());
  with_zero.add(-700);
  CHECK(with_zero.value() == doctest::Approx(-700 - std::log(2.0)).epsilon(1e-15));
}

TEST_CASE(
    "if the posterior is the prior and the decoder ignores z, every weight is the likelihood") {
  Network network = tests::random_network(MnistShape::kDimensions, 3);
  fill(network.decoder0.weight, 0);
  const auto model = make_model(with_constant_posterior(network, 0), kScalarKernels);
  const auto images = tests::some_images(2);
  const Nll found = estimate_nll(*model, images, {.samples = 3});

  std::vector<double> exact;
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<float> x(kPixels), z(kLatent), logits(kPixels);
    for (std::size_t p = 0; p < kPixels; ++p) {
      x[p] = static_cast<float>(images[i * kPixels + p]) / 255.0f;
    }
    model->decode_logits(z, logits.data());
    exact.push_back(bernoulli_cross_entropy(logits, x));
  }
  const double difference = std::abs(exact[0] - exact[1]);
  REQUIRE(difference > 0.1);
  CHECK(found.images == 2);
  CHECK(found.nll == doctest::Approx((exact[0] + exact[1]) / 2).epsilon(1e-6));
  CHECK(found.neg_elbo == doctest::Approx(found.nll).epsilon(1e-9));
  // Of two values: their deviation is difference / sqrt(2), that of the mean difference / 2.
  CHECK(found.standard_error == doctest::Approx(difference / 2).epsilon(1e-3));
}

TEST_CASE("the estimate is the integral over z, for any posterior that it is drawn from") {
  const auto images = tests::some_images(1);
  const auto check = [&](Model& model) {
    const double exact = brute_force_nll(model, images);
    for (const double widen : {1.0, 1.4}) {
      CAPTURE(widen);
      const Nll found =
          estimate_nll(model, images, {.samples = 60'000, .seed = 4, .threads = 2}, widen);
      CHECK(found.nll == doctest::Approx(exact).epsilon(0.02 / exact));  // within 0.02 nats
      CHECK(found.neg_elbo > exact + 0.05);  // so the bound alone would not do
    }
  };
  SUBCASE("f32") {
    const Network network = tests::random_network(MnistShape::kDimensions, 3);
    check(*make_model(with_constant_posterior(with_one_latent(network, 0.002f), 3),
                      select_kernels()));
  }
  SUBCASE("s8") {
    check(*make_model(
        pack_s8(quantized_with_one_latent(5), Layout::kHost, kEncoderPart | kDecoderPart, {}),
        "test", select_kernels()));
  }
}

TEST_CASE("more samples come closer to the truth, from above; one is the ELBO") {
  const auto model =
      make_model(with_constant_posterior(tests::random_network(MnistShape::kDimensions, 6), 5),
                 select_kernels());
  const auto images = tests::some_images(20);
  const Nll one = estimate_nll(*model, images, {.samples = 1});
  CHECK(one.nll == doctest::Approx(one.neg_elbo).epsilon(1e-12));
  double before = one.nll;
  for (const int samples : {10, 100, 1000}) {
    CAPTURE(samples);
    const Nll found = estimate_nll(*model, images, {.samples = samples});
    CHECK(found.nll < found.neg_elbo);
    CHECK(found.nll < before);
    before = found.nll;
  }
  const Elbo elbo = evaluate(*model, images, {.samples = 1000});
  const Nll found = estimate_nll(*model, images, {.samples = 1000});
  CHECK(found.neg_elbo == doctest::Approx(elbo.neg_elbo).epsilon(1e-4));  // KL sampled, and exact
}

TEST_CASE("a narrow posterior is widened, as far as the prior") {
  Network network = tests::random_network(MnistShape::kDimensions, 6);
  network = with_constant_posterior(network, 0);
  const auto images = tests::some_images(10);
  const auto estimate = [&](double widen) {
    return estimate_nll(*make_model(network, select_kernels()), images, {.samples = 200}, widen);
  };
  const Nll of_prior = estimate(1);
  CHECK(estimate(2).nll == of_prior.nll);
  fill(network.logvar.bias, -0.5f);  // sigma 0.78
  CHECK(estimate(1.28).nll == doctest::Approx(of_prior.nll).epsilon(1e-3));
  CHECK(estimate(1).nll != doctest::Approx(of_prior.nll).epsilon(1e-3));
}

TEST_CASE("the estimate depends on neither threads nor batches") {
  const auto model =
      make_model(tests::random_network(MnistShape::kDimensions, 4), select_kernels());
  const auto images = tests::some_images(30);
  for (const PixelMode pixels : {PixelMode::kGray, PixelMode::kBinary, PixelMode::kStochastic}) {
    CAPTURE(name_of(kPixelModes, pixels));
    const Nll one = estimate_nll(*model, images, {.samples = 130, .pixels = pixels, .threads = 1});
    const Nll three =
        estimate_nll(*model, images, {.samples = 130, .pixels = pixels, .threads = 3});
    CHECK(one.nll == three.nll);
    CHECK(one.standard_error == three.standard_error);
  }
}

TEST_CASE("an estimate that is no number is an error") {
  Network network = tests::random_network(MnistShape::kDimensions, 4);
  fill(network.logvar.bias, 800);
  const auto model = make_model(network, select_kernels());
  CHECK_THROWS_AS(estimate_nll(*model, tests::some_images(3), {}), NotFinite);
}
