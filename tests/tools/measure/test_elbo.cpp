// The ELBO's two terms and the deck's loss against closed forms and direct computations.
#include "tools/measure/elbo.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "picovae/random.hpp"
#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tools/measure/model.hpp"

using namespace picovae;
using namespace picovae::tools;

TEST_CASE("cross-entropy of single pixels in closed form") {
  const auto one = [](float logit, float pixel) {
    return bernoulli_cross_entropy(std::array{logit}, std::array{pixel});
  };
  CHECK(one(0, 0.3f) == doctest::Approx(std::log(2.0)));
  const double p = 1 / (1 + std::exp(-1.5));
  CHECK(one(1.5f, 0.25f) == doctest::Approx(-0.25 * std::log(p) - 0.75 * std::log(1 - p)));
  CHECK(one(-800, 0) == doctest::Approx(0));
  CHECK(one(800, 0) == doctest::Approx(800));  // no overflow where exp would
  CHECK(one(-800, 1) == doctest::Approx(800));
}

TEST_CASE("KL of single latents in closed form") {
  const auto one = [](float mu, float logvar) {
    return gaussian_kl(std::array{mu}, std::array{logvar});
  };
  CHECK(one(0, 0) == doctest::Approx(0));
  CHECK(one(2, 0) == doctest::Approx(2));  // mu^2 / 2
  const double variance = std::exp(-3.0);
  CHECK(one(0, -3) == doctest::Approx(0.5 * (variance - 1 + 3)));
  CHECK(gaussian_kl(std::array{2.0f, 0.0f}, std::array{0.0f, -3.0f}) ==
        doctest::Approx(one(2, 0) + one(0, -3)));
}

namespace {

constexpr std::size_t kPixels = MnistShape::kPixels;
constexpr std::size_t kLatent = MnistShape::kLatent;

}  // namespace

TEST_CASE("evaluate is the mean over images and samples, at the documented noise") {
  const auto network = tests::random_network(MnistShape::kDimensions, 3);
  const auto model = make_model(network, kScalarKernels);
  const auto images = tests::some_images(3);
  const EvaluateOptions options{.samples = 2, .seed = 9};
  const Elbo found = evaluate(*model, images, options);

  double reconstruction = 0;
  double kl = 0;
  for (std::uint32_t i = 0; i < 3; ++i) {
    std::vector<float> x(kPixels), mu(kLatent), logvar(kLatent), z(kLatent), logits(kPixels);
    for (std::size_t k = 0; k < kPixels; ++k) {
      x[k] = static_cast<float>(images[i * kPixels + k]) / 255.0f;
    }
    model->encode(x, mu.data(), logvar.data());
    kl += gaussian_kl(mu, logvar) / 3;
    for (std::uint32_t sample = 0; sample < 2; ++sample) {
      std::vector<std::int16_t> eps(kLatent);
      normals(9, Purpose::kPosterior, sample, i, eps.data(), kLatent);
      model->sample(mu.data(), logvar.data(), eps, z.data());
      model->decode_logits(z, logits.data());
      reconstruction += bernoulli_cross_entropy(logits, x) / 6;
    }
  }
  CHECK(found.reconstruction == doctest::Approx(reconstruction));
  CHECK(found.kl == doctest::Approx(kl));
  CHECK(found.neg_elbo == found.reconstruction + found.kl);
}

TEST_CASE("evaluate does not depend on the number of threads") {
  const auto network = tests::random_network(MnistShape::kDimensions, 4);
  const auto model = make_model(network, select_kernels());
  const auto images = tests::some_images(330);
  for (const PixelMode pixels : {PixelMode::kGray, PixelMode::kBinary, PixelMode::kStochastic}) {
    CAPTURE(name_of(kPixelModes, pixels));
    const Elbo one = evaluate(*model, images, {.pixels = pixels, .threads = 1});
    const Elbo three = evaluate(*model, images, {.pixels = pixels, .threads = 3});
    CHECK(one.neg_elbo == three.neg_elbo);
    CHECK(one.kl == three.kl);
  }
}

TEST_CASE("the deck's KL has sigma where a KL has sigma^2") {
  CHECK(deck_kl(std::array{0.0f}, std::array{1.0f}) == doctest::Approx(0));
  CHECK(deck_kl(std::array{3.0f}, std::array{1.0f}) == doctest::Approx(4.5));
  // It is least at sigma = 2, and negative there, as no divergence is.
  CHECK(deck_kl(std::array{0.0f}, std::array{2.0f}) == doctest::Approx(0.5 - std::log(2.0)));
}

TEST_CASE("the deck's loss is tested at z = mu on binary pixels") {
  constexpr std::size_t kImages = 130;  // more than a part
  const auto model =
      make_model(tests::random_network(MnistShape::kDimensions, 3), select_kernels());
  const auto images = tests::some_images(kImages);
  double expected = 0;
  for (std::size_t i = 0; i < kImages; ++i) {
    std::vector<float> x(kPixels), mu(kLatent), logvar(kLatent), logits(kPixels);
    for (std::size_t p = 0; p < kPixels; ++p) x[p] = images[i * kPixels + p] > 127 ? 1.0f : 0.0f;
    model->encode(x, mu.data(), logvar.data());
    model->decode_logits(mu, logits.data());
    expected += bernoulli_cross_entropy(logits, x) / kImages;
    for (std::size_t k = 0; k < kLatent; ++k) {
      const double m = mu[k];
      const double v = logvar[k];
      expected -= 0.5 * (1 + v - m * m - std::exp(0.5 * v)) / kImages;
    }
  }
  CHECK(evaluate_deck_loss(*model, images, 2) == doctest::Approx(expected).epsilon(1e-6));
}

TEST_CASE("a figure that is no number is an error") {
  const auto images = tests::some_images(3);
  Network network = tests::random_network(MnistShape::kDimensions, 3);
  const auto model = make_model(network, kScalarKernels);
  CHECK_NOTHROW(evaluate(*model, images, {}));
  std::fill(network.logvar.bias.begin(), network.logvar.bias.end(), 800.0f);  // exp: infinite
  const auto infinite = make_model(network, kScalarKernels);
  CHECK_THROWS_AS(evaluate(*infinite, images, {}), NotFinite);
  CHECK_THROWS_AS(evaluate_deck_loss(*infinite, images, 1), NotFinite);
  for (DenseWeights* layer : {&network.encoder0, &network.encoder1}) {
    std::fill(layer->weight.begin(), layer->weight.end(), 1e30f);  // sums: infinite, and then nan
  }
  const auto nan = make_model(network, kScalarKernels);
  CHECK_THROWS_AS(evaluate(*nan, images, {}), NotFinite);
  std::vector<std::uint8_t> pixels(images.size());
  CHECK_THROWS_AS(nan->reconstruct(images, pixels.data()), NotFinite);
}
