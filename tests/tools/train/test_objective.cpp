// What training minimizes: its parts in closed form, and that the trainer minimizes it.
#include "tools/train/objective.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "tests/tools/stripes.hpp"
#include "tools/train/trainer.hpp"

using namespace picovae;
using namespace picovae::tools;

namespace {

constexpr Dimensions kSmall = {64, 24, 16, 8};

// Stripes of eight kinds, 8 x 8 pixels.
std::vector<std::uint8_t> stripes(std::size_t count) {
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < 64; ++p) images.push_back(p % 8 == i % 8 ? 230 : 10);
  }
  return images;
}

Recipe small_recipe(int epochs) {
  Recipe recipe;
  recipe.batch = 20;
  recipe.epochs = epochs;
  recipe.sticking = false;
  return recipe;
}

}  // namespace

TEST_CASE("weights are normalized, however small or large they are") {
  for (const double shift : {0.0, -900.0, 900.0}) {
    std::vector<double> weights = {shift, shift + std::log(2.0), shift + std::log(5.0)};
    CHECK(normalize_weights(weights) == doctest::Approx(shift + std::log(8.0 / 3)));
    CHECK(weights[0] == doctest::Approx(0.125));
    CHECK(weights[1] == doctest::Approx(0.25));
    CHECK(weights[2] == doctest::Approx(0.625));
  }
}

TEST_CASE("the ratio of prior and posterior, for any number of latents") {
  for (const std::size_t latents : {1u, 3u, 32u, 33u, 100u}) {
    std::vector<float> mu(latents), sigma(latents), eps(latents), z(latents);
    double expected = 0;
    for (std::size_t k = 0; k < latents; ++k) {
      const auto step = static_cast<float>(k);
      mu[k] = 0.1f * step - 2;
      sigma[k] = k % 2 == 0 ? 0.001f : 20.0f;
      eps[k] = 1.5f - 0.03f * step;
      z[k] = mu[k] + sigma[k] * eps[k];
      const double off = (static_cast<double>(z[k]) - mu[k]) / sigma[k];
      expected += -0.5 * static_cast<double>(z[k]) * z[k] + 0.5 * off * off + std::log(sigma[k]);
    }
    CHECK(log_density_ratio(z, eps, sigma) == doctest::Approx(expected).epsilon(1e-4));
  }
}

TEST_CASE("the weight of the KL rises from zero") {
  const auto images = stripes(20);  // one step an epoch
  Recipe recipe = small_recipe(8);
  recipe.beta = 0.5f;
  recipe.kl_warmup = 4;
  Trainer trainer(kSmall, images, recipe, select_kernels());
  for (int epoch = 0; epoch < 6; ++epoch) {
    CAPTURE(epoch);
    const EpochLoss loss = trainer.run_epoch({});
    const double share = epoch < 4 ? epoch / 4.0 : 1.0;
    CHECK(loss.kl > 0);
    CHECK(loss.loss == doctest::Approx(loss.reconstruction + 0.5 * share * loss.kl));
    CHECK(loss.neg_elbo == doctest::Approx(loss.reconstruction + loss.kl));
  }
  // The first step, at weight zero, is one without a KL.
  const auto after_one_step = [&](float beta, double kl_warmup) {
    Recipe other = small_recipe(8);
    other.beta = beta;
    other.kl_warmup = kl_warmup;
    Trainer one(kSmall, images, other, select_kernels());
    one.run_epoch({});
    return picovae::tests::all_values(one.network());
  };
  CHECK(after_one_step(1, 4) == after_one_step(0, 0));
  CHECK(after_one_step(1, 0) != after_one_step(0, 0));
}

TEST_CASE("training lowers the importance-weighted bound, on any number of threads") {
  const auto images = stripes(390);
  const auto train = [&](unsigned threads, std::vector<float>& weights) {
    Recipe recipe = small_recipe(20);
    recipe.samples = recipe.samples_late = 4;
    recipe.bound = Bound::kImportanceWeighted;
    Trainer trainer(kSmall, images, recipe, select_kernels(), threads);
    const double first = trainer.run_epoch({}).loss;
    EpochLoss last;
    for (int epoch = 0; epoch < 19; ++epoch) last = trainer.run_epoch({});
    CHECK(last.loss < first - 8);
    CHECK(last.loss < last.neg_elbo);  // the bound is tighter than the ELBO
    CHECK(last.loss > last.neg_elbo - 4);
    weights = picovae::tests::all_values(trainer.network());
  };
  std::vector<float> one, three;
  train(1, one);
  train(3, three);
  CHECK(one == three);
}

TEST_CASE("training lowers the deck's loss; the ELBO's is the ELBO") {
  const auto images = stripes(400);
  for (const Bound bound : {Bound::kDeck, Bound::kElbo}) {
    CAPTURE(name_of(kBounds, bound));
    Recipe recipe = small_recipe(20);
    recipe.bound = bound;
    Trainer trainer(kSmall, images, recipe, select_kernels());
    const EpochLoss first = trainer.run_epoch({});
    EpochLoss last;
    for (int epoch = 0; epoch < 19; ++epoch) last = trainer.run_epoch({});
    CHECK(last.loss < first.loss - 4);
    CHECK((last.loss == doctest::Approx(last.neg_elbo)) == (bound == Bound::kElbo));
  }
}
