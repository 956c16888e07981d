#include "tools/train/minibatches.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <vector>

#include "picovae/random.hpp"
#include "tests/tools/stripes.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

TEST_CASE("each epoch has another order, a permutation") {
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
  Minibatches minibatches(images, 1, PixelMode::kGray, 7, {.most = 2});
  minibatches.start_epoch(3);
  for (std::size_t position = 0; position < 9; ++position) {
    float x = 0;
    minibatches.draw_pixels(position, &x);
    const long image = std::lround(x * 255);
    for (const std::size_t samples : {1u, 2u}) {
      std::array<float, 16> eps{};
      minibatches.draw_noise(position, samples, 5, 8, eps.data());
      for (std::size_t s = 0; s < 2; ++s) {
        std::int16_t expected[5];
        const auto item = static_cast<std::uint32_t>(2 * image) + static_cast<std::uint32_t>(s);
        normals(7, Purpose::kTraining, 3, item, expected, 5);
        for (std::size_t i = 0; i < 8; ++i) {
          const bool drawn = s < samples && i < 5;
          CHECK(eps[s * 8 + i] == (drawn ? static_cast<float>(expected[i]) / 1024 : 0));
        }
      }
    }
  }
}

TEST_CASE("antithetic samples come in pairs of opposite noise, the last of an odd number alone") {
  const auto images = stripes(4);
  const auto draw = [&](bool antithetic, std::size_t samples) {
    Minibatches minibatches(images, 64, PixelMode::kGray, 7, {5, antithetic});
    minibatches.start_epoch(2);
    std::vector<float> eps(5 * 16);
    minibatches.draw_noise(3, samples, 16, 16, eps.data());
    return eps;
  };
  const auto independent = draw(false, 5);
  for (const std::size_t samples : {1u, 2u, 3u, 5u}) {
    CAPTURE(samples);
    const auto eps = draw(true, samples);
    for (std::size_t s = 0; s < 5; ++s) {
      for (std::size_t i = 0; i < 16; ++i) {
        const float own = independent[(s - s % 2) * 16 + i];
        CHECK(eps[s * 16 + i] == (s >= samples ? 0 : s % 2 == 1 ? -own : own));
      }
    }
  }
}

TEST_CASE("a share of the images is warped, each in its own way") {
  constexpr std::size_t kImages = 2000;
  const auto images = stripes(1);
  std::vector<std::uint8_t> equal;  // so that only chance tells them apart
  for (std::size_t i = 0; i < kImages; ++i) equal.insert(equal.end(), images.begin(), images.end());
  Minibatches minibatches(equal, 64, PixelMode::kGray, 1, {}, {.share = 0.3, .columns = 8});
  std::array<float, 64> plain;
  minibatches.draw_pixels(0, plain.data());
  const auto draw_epoch = [&](std::uint32_t epoch) {
    minibatches.start_epoch(epoch);
    std::vector<std::array<float, 64>> drawn(kImages);
    for (std::size_t i = 0; i < kImages; ++i) {
      minibatches.draw_augmented_pixels(i, drawn[i].data());
    }
    return drawn;
  };
  const auto first = draw_epoch(0);
  const auto warped = [&](const auto& drawn) {
    std::vector<std::array<float, 64>> changed;
    std::copy_if(drawn.begin(), drawn.end(), std::back_inserter(changed),
                 [&](const auto& x) { return x != plain; });
    std::sort(changed.begin(), changed.end());
    return changed;
  };
  auto changed = warped(first);
  const double expected = 0.3 * kImages;
  CHECK(std::abs(static_cast<double>(changed.size()) - expected) < 5 * std::sqrt(0.7 * expected));
  CHECK(std::adjacent_find(changed.begin(), changed.end()) == changed.end());
  CHECK(draw_epoch(0) == first);
  const auto other = warped(draw_epoch(1));
  CHECK(std::find(other.begin(), other.end(), changed[0]) == other.end());
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

}  // namespace
