#include "tools/train/optimizer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "picovae/kernels.hpp"
#include "tests/tools/each_table.hpp"
#include "tests/tools/stripes.hpp"
#include "tools/base/aligned.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/trainer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

// alpha = 0.1, gradients 2 and then -1, worked by hand:
//   t = 1: mean 0.2 -> 2, square 0.004 -> 4, so the weight falls by 0.1 * 2 / 2
//   t = 2: mean 0.08 -> 0.08 / 0.19, square 0.004996 -> 0.004996 / 0.001999
TEST_CASE("two steps of Adam") {
  for_each_table([](const VectorOps& ops) {
    AlignedFloats g(16), m(16), v(16), w(16);
    for (std::size_t i = 0; i < 8; ++i) {  // the others have no gradient and stay
      g.data()[i] = 2;
      w.data()[i] = 1;
    }
    ops.adam(adam_step({.alpha = 0.1}, 1), g.data(), m.data(), v.data(), w.data(), 16);
    CHECK(w.data()[0] == doctest::Approx(0.9).epsilon(1e-6));
    CHECK(m.data()[0] == doctest::Approx(0.2).epsilon(1e-6));
    CHECK(v.data()[0] == doctest::Approx(0.004).epsilon(1e-5));
    for (std::size_t i = 0; i < 8; ++i) g.data()[i] = -1;
    ops.adam(adam_step({.alpha = 0.1}, 2), g.data(), m.data(), v.data(), w.data(), 16);
    CHECK(w.data()[0] == doctest::Approx(0.9 - 0.0266337).epsilon(1e-6));
    CHECK(w.data()[7] == w.data()[0]);
    CHECK(w.data()[8] == 0);
  });
}

TEST_CASE("Adam's epsilon bounds the step of a tiny gradient") {
  for_each_table([](const VectorOps& ops) {
    AlignedFloats g(16), m(16), v(16), w(16);
    g.data()[0] = 1e-8f;  // half the step: 1e-8 / (1e-8 + epsilon)
    g.data()[1] = 1e-33f;
    ops.adam(adam_step({.alpha = 0.1}, 1), g.data(), m.data(), v.data(), w.data(), 16);
    CHECK(w.data()[0] == doctest::Approx(-0.05).epsilon(1e-4));
    CHECK(std::fabs(w.data()[1]) < 1e-20);
  });
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
    minibatches.draw_noise(i, 1, kSmall.latent, pass.noise_stride(), pass.noise(i, 0));
  }
  pass.forward(parameters, 0, minibatches.images(), minibatches.images());
  pass.backward(parameters, 0, minibatches.images(), minibatches.images());
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

TEST_CASE("a gradient is cut to a multiple of the mean norm, which takes in what is left") {
  double mean = 0;
  CHECK(clip_scale(2, 10, 1, mean) == 1);  // the first one is the mean
  CHECK(mean == 10);
  CHECK(clip_scale(2, 15, 2, mean) == 1);
  CHECK(mean == doctest::Approx(10.1));
  CHECK(clip_scale(2, 101, 3, mean) == doctest::Approx(0.2));
  CHECK(mean == doctest::Approx(10.1 + 0.02 * 10.1));
}

}  // namespace
