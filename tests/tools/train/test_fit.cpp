#include "tools/train/fit.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/base/error.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr std::array<std::uint16_t, 4> kPixels = {16, 64, 784, 4096};
constexpr FitData kMnist{784, 119, 119, 10};

std::size_t weights(const Dimensions& d) {
  return std::size_t{d.pixels} * d.hidden1 + std::size_t{d.hidden1} * d.hidden2 +
         std::size_t{d.hidden2} * d.latent;
}

std::string refusal(std::size_t flash, const FitData& data) {
  try {
    fit_shape(flash, data);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("models of MNIST for common sizes of flash") {
  CHECK(fit_shape(64 * 1024, kMnist).shape == Dimensions{784, 24, 64, 10});
  CHECK(fit_shape(128 * 1024, kMnist).shape == Dimensions{784, 64, 104, 16});
  CHECK(fit_shape(256 * 1024, kMnist).shape == Dimensions{784, 128, 184, 24});
  CHECK(fit_shape(1024 * 1024, kMnist).shape == MnistShape::kDimensions);
  CHECK(fit_shape(256 * 1024, kMnist).ram == 1984);
}

TEST_CASE("images without labels, or with too many, need no room for classes") {
  constexpr std::size_t kFlash = 256 * 1024;
  const auto model = [](std::size_t classes) {
    return fit_shape(kFlash, {784, 119, 119, classes}).model;
  };
  CHECK(model(0) < model(1));
  CHECK(model(0) == model(65));
}

TEST_CASE("model and code fit, and more flash has a larger model") {
  for (const std::uint16_t pixels : kPixels) {
    std::size_t last = 0;
    for (std::size_t flash = 900 * 1024; flash <= 4096 * 1024; flash += 64 * 1024) {
      const Fit fit = fit_shape(flash, {pixels, 0, 0, 10});
      CHECK(fit.shape.pixels == pixels);
      CHECK(fit.model + kCodeBytes <= flash);
      CHECK(weights(fit.shape) >= last);
      last = weights(fit.shape);
    }
  }
}

TEST_CASE("the flash that is named to be enough is, and not a kibibyte less") {
  for (const std::uint16_t pixels : kPixels) {
    const FitData data{pixels, 0, 0, 10};
    const std::string why = refusal(1024, data);
    const std::size_t at = why.find("--fit ");
    REQUIRE(at != why.npos);
    const std::size_t enough = std::stoul(why.substr(at + 6));
    CHECK(refusal(enough * 1024, data).empty());
    CHECK(!refusal((enough - 1) * 1024, data).empty());
  }
}

TEST_CASE("dead pixels make room for more, classes take some") {
  const std::size_t flash = 256 * 1024;
  CHECK(weights(fit_shape(flash, {784, 400, 400, 10}).shape) >
        weights(fit_shape(flash, kMnist).shape));
  const Fit letters = fit_shape(1024 * 1024, {784, 119, 119, 26});
  CHECK(letters.model > fit_shape(1024 * 1024, kMnist).model);
  CHECK(fit_shape(1024 * 1024, {784, 119, 119, 200}).model < letters.model);  // too many to keep
}

}  // namespace
