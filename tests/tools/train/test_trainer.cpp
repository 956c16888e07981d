#include "tools/train/trainer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "picovae/kernels.hpp"
#include "tests/engine/odd_arithmetic.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tests/tools/stripes.hpp"
#include "tools/base/error.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

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

TEST_CASE("training gives the same bytes in any floating-point environment of its caller") {
  const auto images = stripes(100);
  const auto train = [&](unsigned threads) {
    Recipe recipe;
    recipe.batch = 5;
    recipe.epochs = 2;
    Trainer trainer(kSmall, images, recipe, select_kernels(), threads);
    for (int epoch = 0; epoch < 2; ++epoch) trainer.run_epoch({});
    return all_values(trainer.network());
  };
  const auto expected = train(1);
  in_odd_arithmetic([&] {
    const int rounding = std::fegetround();
    CHECK(train(1) == expected);
    CHECK(train(2) == expected);
    CHECK(std::fegetround() == rounding);
  });
}

TEST_CASE("the same recipe gives the same bytes on one, two and three threads") {
  const auto images = stripes(230);  // the last minibatch is a smaller one
  for (const Kernels* kernels : tests::runnable_kernels()) {
    for (const PixelMode pixels : {PixelMode::kGray, PixelMode::kStochastic}) {
      CAPTURE(kernels->name);
      const auto train = [&](unsigned threads, std::uint64_t seed) {
        Recipe recipe;
        recipe.batch = 5;  // enough steps for rotations to be renewed
        recipe.epochs = 3;
        recipe.samples_late = 3;  // from the middle of the second epoch on
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

TEST_CASE("the late steps are a share of all") {
  Recipe recipe;
  const auto first = [&](double share, std::uint64_t steps) {
    recipe.late_share = share;
    return first_late_step(recipe, steps);
  };
  CHECK(first(0, 10) == 11);
  CHECK(first(0.1, 10) == 10);
  CHECK(first(0.5, 10) == 6);
  CHECK(first(0.5, 11) == 6);
  CHECK(first(0.5, 15'000) == 7'501);
  CHECK(first(1, 10) == 1);
}

TEST_CASE("late steps are more of the work") {
  Recipe recipe;  // 2 an early step, 3 a late one
  CHECK(work_share(recipe, 0) == 0);
  CHECK(work_share(recipe, 0.5) == doctest::Approx(0.4));
  CHECK(work_share(recipe, 0.75) == doctest::Approx(0.7));
  CHECK(work_share(recipe, 1) == 1);
  recipe.late_share = 0;
  CHECK(work_share(recipe, 0.3) == doctest::Approx(0.3));
}

TEST_CASE("more samples are drawn in the late steps and not before") {
  const auto images = stripes(60);
  const auto losses = [&](auto change) {
    Recipe recipe;
    recipe.batch = 20;
    recipe.epochs = 4;
    change(recipe);
    Trainer trainer(kSmall, images, recipe, select_kernels());
    std::vector<double> after;  // each step, the mean of its epoch so far
    for (int epoch = 0; epoch < 4; ++epoch) {
      trainer.run_epoch([&](double, const EpochLoss& so_far) { after.push_back(so_far.loss); });
    }
    REQUIRE(after.size() == 12);
    return after;
  };
  const auto agree = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin();
  };
  const auto never = losses([](Recipe& r) { r.late_share = 0; });
  CHECK(agree(losses([](Recipe&) {}), never) == 6);
  CHECK(agree(losses([](Recipe& r) { r.late_share = 0.25; }), never) == 9);
  const auto always = losses([](Recipe& r) { r.late_share = 1; });
  CHECK(agree(always, never) == 0);
  CHECK(losses([](Recipe& r) { r.samples = 2, r.late_share = 0; }) == always);
  CHECK(losses([](Recipe& r) { r.late_share = 1, r.antithetic = false; }) != always);
}

TEST_CASE("images are warped in the first steps alone") {
  Recipe recipe;
  CHECK(last_augmented_step(recipe, 100) == 0);
  recipe.augment = 0.5;
  CHECK(last_augmented_step(recipe, 100) == 75);
  recipe.augment_until = 1;
  CHECK(last_augmented_step(recipe, 7) == 7);

  const auto images = stripes(60);
  const auto losses = [&](double share, double until) {
    recipe.augment = share;
    recipe.augment_until = until;
    recipe.batch = 20;
    recipe.epochs = 2;
    recipe.learning_rate = 0;  // so that the loss tells what the images are
    Trainer trainer(kSmall, images, recipe, select_kernels(), 1, 8);
    std::vector<double> sums;  // of each step
    for (int epoch = 0; epoch < 2; ++epoch) {
      double before = 0, images_done = 0;
      trainer.run_epoch([&](double, const EpochLoss& so_far) {
        images_done += 20;
        sums.push_back(so_far.loss * images_done - before);
        before = so_far.loss * images_done;
      });
    }
    return sums;
  };
  const auto never = losses(0, 0.5), half = losses(1, 0.5);
  REQUIRE(never.size() == 6);
  for (std::size_t step = 0; step < 6; ++step) {
    CHECK((std::abs(half[step] - never[step]) < 1e-3) == (step >= 3));
  }
  CHECK(losses(1, 0) == never);
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

TEST_CASE("the option to lower is the one furthest above its default") {
  const auto advice = [](double rate, float beta, double bias_rate) {
    Recipe recipe;
    recipe.learning_rate = rate;
    recipe.beta = beta;
    recipe.bias_rate = bias_rate;
    return std::string(option_to_lower(recipe));
  };
  CHECK(advice(5e-3, 1, 1) == "--lr");
  CHECK(advice(1e-3, 1, 1) == "--lr");
  CHECK(advice(1e30, 1, 1) == "--lr");
  CHECK(advice(1e30, 4, 2) == "--lr");
  CHECK(advice(5e-3, 1e30F, 1) == "--beta");
  CHECK(advice(5e-3, 0, 1e30) == "--bias-rate");
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

}  // namespace
