#include "tools/data/box_filter.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace {

using namespace picovae::tools;

using Pixels = std::vector<std::uint8_t>;

Pixels noise(std::size_t count) {
  Pixels pixels(count);
  std::uint32_t state = 1;
  for (auto& pixel : pixels) {
    state = state * 1664525 + 1013904223;
    pixel = static_cast<std::uint8_t>(state >> 24);
  }
  return pixels;
}

}  // namespace

TEST_CASE("an image of the same size is as it was") {
  const Pixels image = noise(5 * 7);
  CHECK(resize_image(image, 5, 7, 5, 7) == image);
}

TEST_CASE("a pixel is the mean of its area, rounded to the nearest") {
  CHECK(resize_image(Pixels{0, 1, 2, 3}, 2, 2, 1, 1) == Pixels{2});  // 1.5
  CHECK(resize_image(Pixels{10, 20, 30, 40, 50, 60, 70, 80, 90}, 3, 3, 1, 1) == Pixels{50});
  // 3 to 2: a pixel and a half each.
  CHECK(resize_image(Pixels{0, 90, 180, 0, 90, 180, 0, 90, 180}, 3, 3, 2, 2) ==
        Pixels{30, 150, 30, 150});
  // Larger: each pixel becomes four.
  CHECK(resize_image(Pixels{1, 2, 3, 4}, 2, 2, 4, 4) ==
        Pixels{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
}

TEST_CASE("sizes that do not divide give the means that doubles give") {
  constexpr std::size_t kFrom = 31, kTo = 12;
  const Pixels image = noise(kFrom * kFrom);
  const Pixels resized = resize_image(image, kFrom, kFrom, kTo, kTo);
  const double step = double(kFrom) / double(kTo);
  const auto covered = [&](std::size_t at, std::size_t source) {
    return std::max(0.0, std::min(double(at + 1) * step, double(source + 1)) -
                             std::max(double(at) * step, double(source)));
  };
  for (std::size_t y = 0; y < kTo; ++y) {
    for (std::size_t x = 0; x < kTo; ++x) {
      double sum = 0;
      for (std::size_t i = 0; i < image.size(); ++i) {
        sum += covered(y, i / kFrom) * covered(x, i % kFrom) * image[i];
      }
      CHECK(std::abs(sum / (step * step) - resized[y * kTo + x]) <= 0.5 + 1e-9);
    }
  }
}

TEST_CASE("proportions are kept, black around them") {
  CHECK(resize_image(Pixels(8, 200), 2, 4, 4, 4) ==
        Pixels{0, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200, 0, 0, 0, 0});
  CHECK(resize_image(Pixels(8, 200), 4, 2, 2, 2) == Pixels{200, 0, 200, 0});
  // So thin that less than a pixel would be left of it.
  CHECK(resize_image(Pixels(100, 200), 1, 100, 4, 4) ==
        Pixels{0, 0, 0, 0, 200, 200, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("the largest image does not overflow") {
  const Pixels white(std::size_t{4096} * 4096, 255);
  CHECK(resize_image(white, 4096, 4096, 1, 1) == Pixels{255});
  CHECK(resize_image(white, 4096, 4096, 3, 3) == Pixels(9, 255));
}
