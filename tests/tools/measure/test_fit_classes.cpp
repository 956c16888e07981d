// Gaussians fitted to codes that are made up here.
#include "tools/measure/fit_classes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/engine/random_models.hpp"
#include "tests/tools/temporary_folder.hpp"

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

namespace {

struct Labelled {
  Codes codes;
  std::vector<std::uint8_t> labels;
};

// Codes whose latents depend on each other and on the label. Latents 1, 4, 7, ... hardly vary; of
// the others a later one varies more.
Labelled example(std::size_t latent, std::vector<std::uint8_t> labels, std::size_t each) {
  Dice dice(11);
  Labelled data;
  data.codes.count = labels.size() * each;
  data.codes.latent = latent;
  for (std::size_t i = 0; i < data.codes.count; ++i) {
    const std::uint8_t label = labels[i % labels.size()];
    data.labels.push_back(label);
    const float common = dice.real(1);
    for (std::size_t k = 0; k < latent; ++k) {
      const double scale = k % 3 == 1 ? 0.01 : 0.5 + 0.01 * static_cast<double>(k);
      const double v = 0.3 * label * (k % 2 == 0 ? 1 : -1) + common + dice.real(1);
      data.codes.mu.push_back(static_cast<float>(scale * v));
      data.codes.logvar.push_back(-2 + dice.real(2));
    }
  }
  return data;
}

}  // namespace

TEST_CASE("each class has the mean and the covariance of its z") {
  const auto [codes, labels] = example(5, {3, 7}, 500);
  const ClassGaussians classes = fit_classes(codes, labels);
  CHECK(classes.labels == std::vector<std::uint8_t>{3, 7});
  REQUIRE(classes.units == std::vector<std::uint16_t>{0, 2, 3});
  REQUIRE(classes.mean.size() == 6);
  REQUIRE(classes.factor.size() == 18);
  for (std::size_t c = 0; c < 2; ++c) {
    // E[z], E[z z^T], summed plainly.
    double count = 0, mean[3] = {}, square[3][3] = {};
    for (std::size_t image = 0; image < codes.count; ++image) {
      if (labels[image] != classes.labels[c]) continue;
      ++count;
      for (std::size_t i = 0; i < 3; ++i) {
        const double a = codes.mu[image * 5 + classes.units[i]];
        mean[i] += a;
        for (std::size_t j = 0; j < 3; ++j) {
          square[i][j] += a * codes.mu[image * 5 + classes.units[j]];
        }
        square[i][i] += std::exp(codes.logvar[image * 5 + classes.units[i]]);
      }
    }
    const float* factor = classes.factor.data() + c * 9;
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(classes.mean[c * 3 + i] == doctest::Approx(mean[i] / count).epsilon(1e-5));
      for (std::size_t j = 0; j < 3; ++j) {
        double product = 0;
        for (std::size_t k = 0; k < 3; ++k) product += factor[i * 3 + k] * factor[j * 3 + k];
        const double covariance = square[i][j] / count - mean[i] * mean[j] / (count * count);
        CHECK(product / (0.8 * 0.8) == doctest::Approx(covariance).epsilon(1e-4));
        if (j > i) CHECK(factor[i * 3 + j] == 0);
      }
    }
  }
}

TEST_CASE("ten classes take at most 3 KB for any number of latents; more take as much each") {
  const std::vector<std::uint8_t> ten = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto few = example(21, ten, 40);
  CHECK(fit_classes(few.codes, few.labels).units.size() == 14);  // all that vary
  const auto many = example(90, ten, 40);
  const ClassGaussians classes = fit_classes(many.codes, many.labels);
  CHECK(class_section(classes).size() <= 3072);
  CHECK(classes.units.size() == 22);
  CHECK(std::is_sorted(classes.units.begin(), classes.units.end()));
  CHECK(classes.units.back() == 89);
  CHECK(classes.units.front() > 30);  // those that vary most are kept

  std::vector<std::uint8_t> letters;
  for (std::uint8_t label = 1; label <= 26; ++label) letters.push_back(label);
  const auto alphabet = example(90, letters, 10);
  const ClassGaussians of_letters = fit_classes(alphabet.codes, alphabet.labels);
  CHECK(of_letters.labels == letters);
  CHECK(of_letters.units.size() == 22);
  CHECK(class_section(of_letters).size() <= 26 * kClassBytes);
}

TEST_CASE("a class of one image has a Gaussian too") {
  auto [codes, labels] = example(5, {3, 7}, 50);
  labels[0] = 200;
  const ClassGaussians classes = fit_classes(codes, labels);
  CHECK(classes.labels == std::vector<std::uint8_t>{3, 7, 200});
  for (const float f : classes.factor) CHECK(std::isfinite(f));
}

TEST_CASE("what has no classes is refused") {
  std::vector<std::uint8_t> labels;
  for (std::uint8_t label = 0; label < 65; ++label) labels.push_back(label);
  const auto crowd = example(5, labels, 2);
  const auto message = message_of([&] { fit_classes(crowd.codes, crowd.labels); });
  CHECK(contains(message, "65 labels"));
  CHECK(contains(message, "at most 64"));
  labels.pop_back();
  const auto full = example(5, labels, 2);
  CHECK(fit_classes(full.codes, full.labels).labels.size() == 64);

  auto dead = example(5, {3, 7}, 50);
  std::fill(dead.codes.mu.begin(), dead.codes.mu.end(), 0.0F);
  CHECK(contains(message_of([&] { fit_classes(dead.codes, dead.labels); }), "no latent"));
}

TEST_CASE("a Gaussian that is no number is an error") {
  Labelled data = example(5, {1, 2}, 50);
  data.codes.logvar[0] = 200;  // a variance that is a number, but not an f32
  CHECK_THROWS_AS(fit_classes(data.codes, data.labels), NotFinite);
}
