#include "tools/quantize/calibration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <vector>

#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

namespace {

constexpr Dimensions kSize{70, 37, 21, 3};

}  // namespace

TEST_CASE("the decoder sees latents of the posterior, and others of the prior if they are wanted") {
  Network network = random_network(kSize, 10);
  for (DenseWeights* head : {&network.mu, &network.logvar}) {
    std::fill(head->weight.begin(), head->weight.end(), 0.0F);
    std::fill(head->bias.begin(), head->bias.end(), 0.0F);  // q(z|x) is N(0, 1)
  }
  const auto images = wavy_images(300, kSize.pixels, 1);
  const CalibrationOptions options{.images = 200, .seed = 1, .threads = 1, .prior = true};
  Calibration calibration(network, images, options, kScalarKernels);
  Calibration without(network, images, {.images = 200, .seed = 1, .threads = 1}, kScalarKernels);
  REQUIRE(calibration.images() == 200);
  for (std::size_t layer = 0; layer < kLayerCount; ++layer) {
    const auto trace = calibration.next();
    const auto alone = without.next();
    REQUIRE(trace.outputs.rows() == 200);
    CHECK(trace.prior_outputs.rows() == (layer < kDecoder0 ? 0 : 200));
    CHECK(alone.prior_outputs.rows() == 0);
    for (std::size_t row = 0; row < 200; ++row) {
      const float* seen = trace.outputs.row(row);
      CHECK(std::equal(seen, seen + trace.outputs.width(), alone.outputs.row(row)));
      if (layer < kDecoder0) continue;
      CHECK_FALSE(std::equal(seen, seen + trace.outputs.width(), trace.prior_outputs.row(row)));
    }
  }
  // Both arithmetics saw the same images and the same latents.
  double variance = 0;
  for (std::size_t row = 0; row < 200; ++row) {
    for (std::size_t i = 0; i < kSize.latent; ++i) {
      variance += std::pow(calibration.latents().row(row)[i] / 1024.0, 2) / (200 * kSize.latent);
    }
  }
  CHECK(variance == doctest::Approx(1).epsilon(0.15));
}

TEST_CASE("calibration images are distinct and spread over the whole set") {
  constexpr std::size_t kGiven = 250, kTaken = 25;
  std::vector<std::uint8_t> images(kGiven * kSize.pixels);
  for (std::size_t i = 0; i < kGiven; ++i) {  // pixels lose their lowest bit
    images[i * kSize.pixels] = static_cast<std::uint8_t>(i);
    images[i * kSize.pixels + 1] = i % 2 == 0 ? 0 : 255;
  }
  const Calibration calibration(random_network(kSize, 11), images,
                                {.images = kTaken, .seed = 1, .threads = 1}, kScalarKernels);
  std::set<int> taken;
  for (std::size_t row = 0; row < kTaken; ++row) {
    const std::uint8_t* pixels = calibration.pixels().row(row);
    taken.insert(pixels[0] * 2 + pixels[1] / 127);
  }
  CHECK(taken.size() == kTaken);
  for (int first = 0; first < 250; first += 50) {
    const auto count = std::distance(taken.lower_bound(first), taken.lower_bound(first + 50));
    CHECK(count >= 3);
    CHECK(count <= 7);
  }
}
