// One seed, one model: short trainings have the same bytes on every ISA, machine and compiler, on
// any number of threads.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "picovae/crc32c.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/format/network.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/train/trainer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

// Sizes that are multiples of no vector.
constexpr Dimensions kSmall{77, 35, 29, 11};
constexpr int kImages = 109;  // the last of 22 minibatches is a smaller one

// Disks at several places: dark pixels, bright ones and gray ones.
std::vector<std::uint8_t> disks() {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < kImages; ++i) {
    for (int p = 0; p < kSmall.pixels; ++p) {
      const int x = p % 11 - i % 9 - 1;
      const int y = p / 11 - i % 5 - 1;
      const int value = 300 - 60 * (x * x + y * y);
      pixels.push_back(static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value));
    }
  }
  return pixels;
}

// Of the model's file. A rotation is renewed after 100 steps.
std::uint32_t train(const Recipe& recipe, const Kernels& kernels, unsigned threads,
                    Dimensions dimensions = kSmall) {
  static const std::vector<std::uint8_t> images = disks();
  Trainer trainer(dimensions, images, recipe, kernels, threads, 11);
  for (int epoch = 0; epoch < recipe.epochs; ++epoch) trainer.run_epoch({});
  const SafetensorsFile file = to_safetensors(trainer.network(), "model");
  return crc32c(encode_safetensors(file, "model"));
}

struct Case {
  const char* name;
  Recipe recipe;
  std::uint32_t expected;
};

Recipe short_recipe() {
  Recipe recipe;
  recipe.batch = 5;
  recipe.epochs = 5;
  return recipe;
}

std::vector<Case> cases() {
  Recipe all = short_recipe();
  std::vector<Case> cases{{"default", all, 0x228bd8f3}};
  all.samples = all.samples_late = 2;
  all.antithetic = false;
  cases.push_back({"two samples", all, 0xc088e2d7});
  all.bound = Bound::kImportanceWeighted;
  all.sticking = false;
  all.samples = all.samples_late = 3;
  cases.push_back({"importance-weighted", all, 0x4208a5db});
  all = short_recipe();
  all.pixels = PixelMode::kBinary;
  all.clip = 0;
  all.kl_warmup = 2;
  cases.push_back({"binary, without a clip", all, 0xdb16467b});
  all.pixels = PixelMode::kStochastic;
  all.centered = false;
  all.bias_rate = 3;
  cases.push_back({"stochastic, not centered", all, 0x8f14b7dc});
  all = short_recipe();
  all.augment = 0.6;
  cases.push_back({"augmented", all, 0xca6e5486});
  all = short_recipe();
  all.activation = Activation::kRelu;
  cases.push_back({"ReLU", all, 0x007d531e});
  all = deck_recipe();
  all.batch = 5;
  all.epochs = 5;
  cases.push_back({"deck", all, 0x2e78ef1a});
  all.bound = Bound::kDeck;
  all.pixels = PixelMode::kBinary;
  cases.push_back({"deck's loss", all, 0x2b91b5ce});
  return cases;
}

TEST_CASE("a recipe gives the same bytes on every ISA, and as in every other build") {
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    for (const Kernels* kernels : tests::runnable_kernels()) {
      CAPTURE(std::string(kernels->name));
      CHECK(train(c.recipe, *kernels, 1) == c.expected);
    }
  }
}

TEST_CASE("and on two and three threads") {
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    for (const unsigned threads : {2u, 3u}) {
      CHECK(train(c.recipe, select_kernels(), threads) == c.expected);
    }
  }
}

TEST_CASE("a network of one hidden layer, too") {
  constexpr Dimensions kOneHidden{77, 35, 0, 11};
  Recipe recipe = short_recipe();
  recipe.activation = Activation::kRelu;
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    CHECK(train(recipe, *kernels, 1, kOneHidden) == 0xf99a63da);
  }
  CHECK(train(recipe, select_kernels(), 3, kOneHidden) == 0xf99a63da);
}

TEST_CASE("and others of another seed") {
  Case c = cases()[0];
  c.recipe.seed = 2;
  CHECK(train(c.recipe, select_kernels(), 1) != c.expected);
}

}  // namespace
