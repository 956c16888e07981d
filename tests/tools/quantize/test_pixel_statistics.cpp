#include "tools/quantize/pixel_statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

using namespace picovae::tools;

// Pixel p is lit, as 255, in `lit[p]` of the images.
PixelStatistics lit_in(const std::vector<std::size_t>& lit, std::size_t images) {
  std::vector<std::uint8_t> all;
  for (std::size_t i = 0; i < images; ++i) {
    for (const std::size_t count : lit) all.push_back(i < count ? 255 : 0);
  }
  return statistics_of(all, lit.size());
}

TEST_CASE("mean and variance of each pixel") {
  const std::vector<std::uint8_t> images = {255, 0, 51, 255, 0, 102};
  const PixelStatistics statistics = statistics_of(images, 3);
  CHECK(statistics.images == 2);
  CHECK(statistics.mean[0] == doctest::Approx(1));
  CHECK(statistics.mean[1] == 0);
  CHECK(statistics.mean[2] == doctest::Approx(0.3));
  CHECK(statistics.variance[0] == doctest::Approx(0));
  CHECK(statistics.variance[2] == doctest::Approx(0.01));
}

TEST_CASE("a constant is the logit of the mean, and costs its entropy") {
  const Constant half = constant_for(0.5, 1000);
  CHECK(half.logit == 0);
  CHECK(half.nats == doctest::Approx(std::log(2)));
  const Constant rare = constant_for(0.001, 1'000'000);
  CHECK(rare.logit == std::lround(128 * std::log(0.001 / 0.999)));
  CHECK(rare.nats == doctest::Approx(-0.001 * std::log(0.001) - 0.999 * std::log(0.999)));
  const Constant never = constant_for(0, 999);  // half a pixel in a thousand images
  CHECK(never.logit == std::lround(128 * std::log(0.0005 / 0.9995)));
}

TEST_CASE("pixels are dead as long as their constants are cheap in all") {
  constexpr std::size_t kImages = 10'000;
  // Three that are never lit cost 0.00005 each, one that is lit once 0.00102, one often.
  const PixelStatistics statistics = lit_in({0, 5000, 0, 1, 0}, kImages);
  CHECK(count_dead_outputs(statistics, 0) == 0);
  CHECK(count_dead_outputs(statistics, 0.00012) == 2);
  CHECK(count_dead_outputs(statistics, 0.001) == 3);
  CHECK(count_dead_outputs(statistics, 0.002) == 4);
  CHECK(count_dead_outputs(statistics, 1000) ==
        4);  // the other one is lit too often for a dead logit
}

TEST_CASE("few images do not show that a pixel is dead, and one pixel stays alive") {
  CHECK(count_dead_outputs(lit_in({0, 0, 50}, 100), 1) == 0);
  CHECK(count_dead_outputs(lit_in({0, 0, 0}, 10'000), 1) == 2);
}

TEST_CASE("an encoder can do without pixels that are never lit, however few images there are") {
  CHECK(count_dead_inputs(lit_in({0, 0, 50}, 100), 0) == 2);
  CHECK(count_dead_inputs(lit_in({0, 0, 0}, 100), 0) == 2);
  CHECK(count_dead_inputs(lit_in({0, 5000, 1, 1, 1}, 10'000), 0.01) == 4);
}

}  // namespace
