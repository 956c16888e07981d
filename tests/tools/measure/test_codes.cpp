// Codes, and what they say, against sums over images that are written down here.
#include "tools/measure/codes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/model.hpp"

using namespace picovae;
using namespace picovae::tools;
using picovae::tests::contains;
using picovae::tests::message_of;

namespace {

// Latent 0 is dead; 1 varies most and says nothing; 2 and 3 hold the label, each with half of it.
Codes example(std::vector<std::uint8_t>& labels) {
  Codes codes{900, 4, {}, std::vector<float>(900 * 4)};
  labels.clear();
  for (std::size_t i = 0; i < codes.count; ++i) {
    const auto label = static_cast<std::uint8_t>(i % 3);
    const auto wave = [&](std::size_t speed) { return std::sin(static_cast<float>(i * speed)); };
    labels.push_back(label);
    codes.mu.insert(codes.mu.end(),
                    {0.001F * wave(7), 3 * wave(11), (label == 1 ? 1.0F : 0.0F) + 0.1F * wave(13),
                     (label == 2 ? 1.0F : 0.0F) + 0.1F * wave(17)});
  }
  return codes;
}

}  // namespace

TEST_CASE("codes do not depend on threads") {
  const auto model =
      make_model(tests::random_network(MnistShape::kDimensions, 3), select_kernels());
  const auto images = tests::some_images(250);
  for (const PixelMode mode : {PixelMode::kGray, PixelMode::kStochastic}) {
    const Codes one = encode_images(*model, images, {.pixels = mode, .threads = 1});
    const Codes three = encode_images(*model, images, {.pixels = mode, .threads = 3});
    CHECK(one.count == 250);
    CHECK(one.mu == three.mu);
    CHECK(one.logvar == three.logvar);
    CHECK(one.mu[0] != one.mu[one.latent]);
  }
}

TEST_CASE("KL adds up to the ELBO's, and activity is the variance of mu") {
  constexpr std::size_t kLatent = MnistShape::kLatent;
  constexpr std::size_t kImages = 130;  // more than a part
  Network network = tests::random_network(MnistShape::kDimensions, 3);
  const auto silence = [](DenseWeights& head, std::size_t output, float bias) {
    std::fill_n(head.weight.begin() + static_cast<std::ptrdiff_t>(output * head.in), head.in, 0.0f);
    head.bias[output] = bias;
  };
  silence(network.mu, 7, 3);  // far from the prior, but the same for every image
  silence(network.logvar, 7, 0);
  const auto model = make_model(network, select_kernels());
  const auto images = tests::some_images(kImages);
  const auto use = measure_latents(encode_images(*model, images, {.threads = 2}));
  REQUIRE(use.size() == kLatent);

  double kl = 0;
  for (const LatentUse& u : use) kl += u.kl;
  CHECK(kl == doctest::Approx(evaluate(*model, images, {}).kl));

  std::vector<float> x(images.size()), mu(kImages * kLatent), logvar(kImages * kLatent);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(images[i]) / 255.0f;
  model->encode(x, mu.data(), logvar.data());
  for (std::size_t k = 0; k < kLatent; ++k) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < kImages; ++i) {
      const double m = mu[i * kLatent + k];
      sum += m;
      squares += m * m;
    }
    CHECK(use[k].activity ==
          doctest::Approx(squares / kImages - sum * sum / kImages / kImages).epsilon(1e-6));
    CHECK(use[k].is_active() == (k != 7));
  }
  CHECK(use[7].kl == doctest::Approx(4.5));  // 3^2 / 2
}

TEST_CASE("active latents come in the order of their activity") {
  std::vector<std::uint8_t> labels;
  const Codes codes = example(labels);
  const auto active = active_latents(codes);
  REQUIRE(active.size() == 3);
  CHECK(active[0] == 1);
}

TEST_CASE("the plane parts labels, however much else varies") {
  std::vector<std::uint8_t> labels;
  const Codes codes = example(labels);
  const auto points = project_codes(codes, labels);
  REQUIRE(points.size() == labels.size());
  double mean[3][2] = {}, variance[2] = {};
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t axis = 0; axis < 2; ++axis) mean[labels[i]][axis] += points[i][axis] / 300;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      variance[axis] += std::pow(points[i][axis] - mean[labels[i]][axis], 2) / 900;
    }
  }
  for (const double v : variance) CHECK(v == doctest::Approx(1).epsilon(0.01));
  for (const auto& [a, b] : {std::array{0, 1}, std::array{0, 2}, std::array{1, 2}}) {
    CHECK(std::hypot(mean[a][0] - mean[b][0], mean[a][1] - mean[b][1]) > 8);  // deviations apart
  }
}

TEST_CASE("one label, or one image a label, is a plane too") {
  std::vector<std::uint8_t> labels;
  Codes codes = example(labels);
  std::fill(labels.begin(), labels.end(), std::uint8_t{4});
  for (const auto& point : project_codes(codes, labels)) {
    CHECK(std::isfinite(point[0]));
    CHECK(std::isfinite(point[1]));
  }
  codes.count = 200;
  codes.mu.resize(800);
  codes.logvar.resize(800);
  for (std::size_t i = 0; i < 200; ++i) labels[i] = static_cast<std::uint8_t>(i);
  for (const auto& point : project_codes(codes, labels)) CHECK(std::isfinite(point[0] + point[1]));
}

TEST_CASE("without labels the plane is that of the largest variance") {
  std::vector<std::uint8_t> labels;
  const Codes codes = example(labels);
  const auto points = project_codes(codes, {});
  double squares[2] = {}, product = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double wide = std::abs(static_cast<double>(codes.mu[4 * i + 1]));
    CHECK(std::abs(std::abs(points[i][0]) - wide) < 0.1);  // latent 1, which varies most
    for (std::size_t axis = 0; axis < 2; ++axis) squares[axis] += std::pow(points[i][axis], 2);
    product += points[i][0] * points[i][1];
  }
  CHECK(squares[0] / 900 == doctest::Approx(4.5).epsilon(0.01));      // of 3 sin
  CHECK(squares[1] / 900 == doctest::Approx(1.0 / 3).epsilon(0.03));  // of three places in a plane
  CHECK(std::abs(product) / 900 < 1e-6);
}

TEST_CASE("a plane needs two active latents") {
  std::vector<std::uint8_t> labels;
  Codes codes = example(labels);
  for (std::size_t i = 0; i < codes.count; ++i) {
    codes.mu[4 * i + 2] = codes.mu[4 * i + 3] = 0;
  }
  CHECK(contains(message_of([&] { project_codes(codes, labels); }), "1 of the model's latents is"));
}

TEST_CASE("codes that are no numbers are an error, and so is a use of latents that is none") {
  Network network = tests::random_network(MnistShape::kDimensions, 3);
  const auto images = tests::some_images(3);
  std::fill(network.logvar.bias.begin(), network.logvar.bias.end(), 800.0f);
  const Codes codes = encode_images(*make_model(network, kScalarKernels), images, {});
  CHECK_THROWS_AS(measure_latents(codes), NotFinite);  // exp(logvar) is infinite
  for (DenseWeights* layer : {&network.encoder0, &network.encoder1}) {
    std::fill(layer->weight.begin(), layer->weight.end(), 1e30f);
  }
  CHECK_THROWS_AS(encode_images(*make_model(network, kScalarKernels), images, {}), NotFinite);
}
