#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/random.hpp"
#include "tests/tools/stripes.hpp"
#include "tools/base/error.hpp"
#include "tools/train/adam.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/schedule.hpp"
#include "tools/train/trainer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

TEST_CASE("parameters hold a network exactly") {
  const Network network = initial_network({20, 7, 6, 3}, 9);
  const Network copy = Parameters(Plan({20, 7, 6, 3}), network).network();
  CHECK(all_values(copy) == all_values(network));
  CHECK(copy.latent == 3);
  CHECK(copy.decoder2.out == 20);
}

TEST_CASE("weights start uniform within Glorot's limit, biases at zero") {
  const Network network = initial_network({200, 100, 80, 10}, 1);
  for (const NetworkLayer& layer : kNetworkLayers) {
    const DenseWeights& dense = network.*layer.weights;
    const double limit = std::sqrt(6.0 / static_cast<double>(dense.in + dense.out));
    const auto [lowest, highest] = std::minmax_element(dense.weight.begin(), dense.weight.end());
    CAPTURE(layer.name);
    CHECK(*lowest >= -limit);
    CHECK(*highest <= limit);
    CHECK(*highest - *lowest > 1.95 * limit);
    const double mean = std::accumulate(dense.weight.begin(), dense.weight.end(), 0.0) /
                        static_cast<double>(dense.weight.size());
    CHECK(std::fabs(mean) < 0.08 * limit);
    CHECK(std::all_of(dense.bias.begin(), dense.bias.end(), [](float b) { return b == 0; }));
  }
  CHECK(network.mu.weight != network.logvar.weight);
  CHECK(all_values(initial_network({200, 100, 80, 10}, 1)) == all_values(network));
  CHECK(all_values(initial_network({200, 100, 80, 10}, 2)) != all_values(network));
}

TEST_CASE("an epoch's order is a permutation of its own") {
  const auto images = stripes(500);
  Minibatches minibatches(images, 64, PixelMode::kGray, 1);
  REQUIRE(minibatches.images() == 500);
  const auto order = [&](std::uint32_t epoch) {
    minibatches.start_epoch(epoch);
    std::vector<std::size_t> found;
    for (std::size_t position = 0; position < 500; ++position) {
      float x[64];
      minibatches.draw_pixels(position, x);
      for (std::size_t image = 0; image < 500; ++image) {
        if (std::equal(x, x + 64, &images[image * 64], [](float value, std::uint8_t p) {
              return value == static_cast<float>(p) / 255;
            })) {
          found.push_back(image);
        }
      }
    }
    return found;
  };
  const auto first = order(0);
  const auto second = order(1);
  CHECK(first != second);
  CHECK(order(0) == first);
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> expected(500);
  std::iota(expected.begin(), expected.end(), 0u);
  CHECK(sorted == expected);
  std::size_t fixed = 0;
  for (std::size_t i = 0; i < 500; ++i) fixed += first[i] == i;
  CHECK(fixed < 10);  // one is expected
}

TEST_CASE("noise belongs to the image, the sample and the epoch") {
  std::vector<std::uint8_t> images(9);
  std::iota(images.begin(), images.end(), std::uint8_t{0});
  Minibatches minibatches(images, 1, PixelMode::kGray, 7);
  minibatches.start_epoch(3);
  for (std::size_t position = 0; position < 9; ++position) {
    float x = 0;
    minibatches.draw_pixels(position, &x);
    const long image = std::lround(x * 255);
    float eps[5];
    minibatches.draw_noise(position, 1, 2, eps, 5);
    std::int16_t expected[5];
    normals(7, Purpose::kTraining, 3, static_cast<std::uint32_t>(2 * image + 1), expected, 5);
    for (int i = 0; i < 5; ++i) CHECK(eps[i] == static_cast<float>(expected[i]) / 1024);
  }
}

TEST_CASE("stochastic pixels are black and white with the right mean") {
  std::vector<std::uint8_t> image(256);
  std::iota(image.begin(), image.end(), std::uint8_t{0});
  Minibatches minibatches(image, 256, PixelMode::kStochastic, 1);
  constexpr int kEpochs = 4000;
  std::vector<int> ones(256);
  int neither = 0;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    minibatches.start_epoch(static_cast<std::uint32_t>(epoch));
    float x[256];
    minibatches.draw_pixels(0, x);
    for (std::size_t p = 0; p < 256; ++p) {
      ones[p] += x[p] == 1;
      neither += x[p] != 0 && x[p] != 1;
    }
  }
  CHECK(neither == 0);
  CHECK(ones[0] == 0);
  CHECK(ones[255] == kEpochs);
  double bias = 0;
  for (std::size_t p = 0; p < 256; ++p) {
    const double error = ones[p] / static_cast<double>(kEpochs) - static_cast<double>(p) / 255;
    CHECK(std::fabs(error) < 5 * 0.5 / std::sqrt(kEpochs));  // five standard deviations
    bias += error / 256;
  }
  CHECK(std::fabs(bias) < 5 * 0.5 / std::sqrt(256.0 * kEpochs));
}

// A trainer's step by other means: gradients of `network` on all images as one minibatch, in the
// order and with the noise of `epoch`.
std::vector<float> gradient_of(const Network& network, const std::vector<std::uint8_t>& images,
                               const Recipe& recipe, std::uint32_t epoch) {
  const Plan plan(kSmall);
  const Parameters parameters(plan, network);
  Minibatches minibatches(images, kSmall.pixels, recipe.pixels, recipe.seed);
  minibatches.start_epoch(epoch);
  Backpropagation pass(plan, minibatches.images(), {1, recipe.beta, recipe.sticking},
                       kScalarKernels);
  for (std::size_t i = 0; i < minibatches.images(); ++i) {
    minibatches.draw_pixels(i, pass.pixels(i));
    minibatches.draw_noise(i, 0, 1, pass.noise(i, 0), kSmall.latent);
  }
  AlignedFloats scratch(pass.scratch_size());
  pass.forward(parameters, 0, minibatches.images(), minibatches.images());
  pass.backward(parameters, 0, minibatches.images(), minibatches.images(), scratch.data());
  Parameters gradient(plan, network);
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    pass.weight_gradient(l, 0, plan.layers[l].rows(), minibatches.images(), gradient.layer(l));
  }
  return all_values(gradient.network());
}

// Where all_values() has biases.
std::vector<bool> bias_places(const Network& network) {
  std::vector<bool> places;
  for (const NetworkLayer& layer : kNetworkLayers) {
    const DenseWeights& dense = network.*layer.weights;
    places.insert(places.end(), dense.weight.size(), false);
    places.insert(places.end(), dense.bias.size(), true);
  }
  return places;
}

// Runs four steps of a recipe in plain form and compares them with Adam's, worked once more.
void check_steps(Recipe recipe) {
  const auto images = stripes(30);
  recipe.batch = 1000;  // more than there are: one step an epoch
  recipe.epochs = 4;
  Trainer trainer(kSmall, images, recipe, kScalarKernels);
  std::vector<float> weights = all_values(trainer.network());
  CHECK(weights == all_values(initial_network(kSmall, recipe.seed)));
  const std::vector<bool> is_bias = bias_places(trainer.network());
  std::vector<double> mean(weights.size()), square(weights.size());
  double mean_norm = 0;
  for (int t = 1; t <= 4; ++t) {
    const auto gradient =
        gradient_of(trainer.network(), images, recipe, static_cast<std::uint32_t>(t - 1));
    trainer.run_epoch({});
    CHECK(trainer.epoch() == t);
    const auto now = all_values(trainer.network());
    double norm = 0;
    for (const double g : gradient) norm += g * g;
    norm = std::sqrt(norm);
    if (t == 1) mean_norm = norm;
    double scale = 1;
    if (recipe.clip > 0) scale = std::min(1.0, recipe.clip * mean_norm / norm);
    mean_norm += 0.02 * (norm * scale - mean_norm);
    const double alpha = recipe.learning_rate * rate_share(recipe.schedule, recipe.warmup,
                                                           static_cast<std::uint64_t>(t), 4);
    const double beta1 = recipe.beta1;
    double worst = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double g = gradient[i] * scale;
      mean[i] = beta1 * mean[i] + (1 - beta1) * g;
      square[i] = 0.999 * square[i] + 0.001 * g * g;
      const double ahead = recipe.nesterov ? beta1 * mean[i] + (1 - beta1) * g : mean[i];
      const double corrected_mean = ahead / (1 - std::pow(beta1, t));
      const double corrected_square = square[i] / (1 - std::pow(0.999, t));
      const double expected = weights[i] - alpha * (is_bias[i] ? recipe.bias_rate : 1) *
                                               corrected_mean /
                                               (std::sqrt(corrected_square) + 1e-8);
      worst = std::max(worst, std::fabs(now[i] - expected));
      weights[i] = now[i];
    }
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("the trainer's steps are Adam's on the gradients of the weights it has") {
  Recipe recipe = deck_recipe();
  recipe.learning_rate = 0.01;
  check_steps(recipe);
}

TEST_CASE("each part of the optimizer does what it says") {
  const auto with = [](auto change) {
    Recipe recipe = deck_recipe();
    recipe.learning_rate = 0.01;
    change(recipe);
    check_steps(recipe);
  };
  with([](Recipe& r) { r.nesterov = true; });
  with([](Recipe& r) { r.beta1 = 0.6; });
  with([](Recipe& r) { r.bias_rate = 3; });
  with([](Recipe& r) { r.clip = 0.5; });  // always in effect
  with([](Recipe& r) { r.clip = 1000; });
  with([](Recipe& r) { r.sticking = true; });
  with([](Recipe& r) { r.schedule = Schedule::kCosine; });
  with([](Recipe& r) {
    r.schedule = Schedule::kCosine;
    r.warmup = 0.5;
    r.nesterov = r.sticking = true;
    r.clip = 1;
    r.bias_rate = 0.5;
  });
}

TEST_CASE("the learning rate rises, and falls along a cosine") {
  CHECK(rate_share(Schedule::kConstant, 0, 1, 100) == 1);
  CHECK(rate_share(Schedule::kConstant, 0, 150, 100) == 1);
  CHECK(rate_share(Schedule::kConstant, 0.2, 10, 100) == doctest::Approx(0.525));
  CHECK(rate_share(Schedule::kConstant, 0.2, 20, 100) == 1);
  CHECK(rate_share(Schedule::kCosine, 0.2, 20, 100) == 1);
  CHECK(rate_share(Schedule::kCosine, 0.2, 60, 100) == doctest::Approx(0.5));
  CHECK(rate_share(Schedule::kCosine, 0.2, 80, 100) == doctest::Approx(0.1464466));
  CHECK(rate_share(Schedule::kCosine, 0.2, 100, 100) == doctest::Approx(0).epsilon(1e-12));
  CHECK(rate_share(Schedule::kCosine, 0, 50, 100) == doctest::Approx(0.5));
  CHECK(rate_share(Schedule::kCosine, 0, 101, 100) == doctest::Approx(0).epsilon(1e-12));
}

// Steps so small that nothing is learned, but rotations are renewed three times.
TEST_CASE("rotations leave the network what it is") {
  const auto images = stripes(250);
  Recipe recipe;
  recipe.batch = 5;
  recipe.epochs = 100;
  recipe.learning_rate = 1e-20;
  for (const bool centered : {false, true}) {
    recipe.centered = centered;
    Trainer trainer(kSmall, images, recipe, select_kernels());
    const auto before = all_values(trainer.network());
    for (int epoch = 0; epoch < 11; ++epoch) trainer.run_epoch({});
    const auto after = all_values(trainer.network());
    double worst = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      worst = std::max(worst, std::fabs(static_cast<double>(after[i]) - before[i]));
    }
    CHECK(worst < 1e-5);
    CHECK(worst > 0);  // they were there
  }
}

TEST_CASE("long trainings have a lower rate") {
  CHECK(long_rate(5e-3, 1) == 5e-3);
  CHECK(long_rate(5e-3, 30) == 5e-3);
  CHECK(long_rate(4e-3, 120) == doctest::Approx(2e-3));
}

TEST_CASE("presets") {
  const auto all = presets();
  CHECK(all[0].name == "default");
  CHECK(all[1].name == "deck");
  CHECK(all[1].value.learning_rate == 1e-3);
  CHECK(all[1].value.beta1 == 0.9);
  CHECK_FALSE(all[1].value.centered);
  CHECK_FALSE(all[1].value.rotated);
}

TEST_CASE("the same recipe gives the same bytes on one, two and three threads") {
  const auto images = stripes(230);  // the last minibatch is a smaller one
  for (const Kernels* kernels : built_kernels()) {
    if (!machine_runs(kernels->isa)) continue;
    for (const PixelMode pixels : {PixelMode::kGray, PixelMode::kStochastic}) {
      CAPTURE(kernels->name);
      const auto train = [&](unsigned threads, std::uint64_t seed) {
        Recipe recipe;
        recipe.batch = 5;  // enough steps for rotations to be renewed
        recipe.epochs = 3;
        recipe.samples = 2;
        recipe.pixels = pixels;
        recipe.seed = seed;
        Trainer trainer(kSmall, images, recipe, *kernels, threads);
        const Elbo first = trainer.run_epoch({});
        trainer.run_epoch({});
        const Elbo second = trainer.run_epoch({});
        auto values = all_values(trainer.network());
        for (const Elbo& loss : {first, second}) {
          values.push_back(static_cast<float>(loss.reconstruction));
          values.push_back(static_cast<float>(loss.kl));
        }
        return values;
      };
      const auto expected = train(1, 1);
      CHECK(train(1, 1) == expected);
      CHECK(train(2, 1) == expected);
      CHECK(train(3, 1) == expected);
      CHECK(train(1, 2) != expected);
    }
  }
}

TEST_CASE("training lowers the loss") {
  const auto images = stripes(400);
  Recipe recipe;
  recipe.batch = 20;
  recipe.epochs = 31;
  Trainer trainer(kSmall, images, recipe, select_kernels(), 2);
  double last_fraction = 0;
  int calls = 0;
  const Elbo first = trainer.run_epoch([&](double fraction, const Elbo& so_far) {
    CHECK(fraction > last_fraction);
    CHECK(so_far.neg_elbo == doctest::Approx(so_far.reconstruction + so_far.kl));
    last_fraction = fraction;
    ++calls;
  });
  CHECK(calls == 20);
  CHECK(last_fraction == 1);
  // 64 ln 2 is the loss of a network that knows nothing.
  CHECK(first.neg_elbo > 25);
  CHECK(first.neg_elbo < 64 * std::log(2.0));
  Elbo last;
  for (int epoch = 0; epoch < 30; ++epoch) last = trainer.run_epoch({});
  CHECK(last.neg_elbo < first.neg_elbo - 8);
  CHECK(last.kl > std::log(8.0) - 0.2);  // the latents tell which of the eight stripes it is
}

TEST_CASE("beta weighs the KL in training and not in the report") {
  const auto images = stripes(400);
  const auto train = [&](float beta) {
    Recipe recipe;
    recipe.batch = 20;
    recipe.epochs = 20;
    recipe.beta = beta;
    Trainer trainer(kSmall, images, recipe, select_kernels());
    Elbo loss;
    for (int epoch = 0; epoch < 20; ++epoch) loss = trainer.run_epoch({});
    CHECK(loss.neg_elbo == doctest::Approx(loss.reconstruction + loss.kl));
    return loss;
  };
  const Elbo little = train(0.1f);
  const Elbo much = train(4.0f);
  CHECK(little.kl > 1.5 * much.kl);
  CHECK(little.reconstruction < much.reconstruction);
}

TEST_CASE("training that diverges says so") {
  const auto images = stripes(50);
  Recipe recipe;
  recipe.batch = 5;
  recipe.learning_rate = 1e30f;
  Trainer trainer(kSmall, images, recipe, select_kernels());
  CHECK_THROWS_AS(trainer.run_epoch({}), Error);
}

}  // namespace
