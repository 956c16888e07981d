#include "tools/train/warp.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numbers>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/random.hpp"
#include "picovae/shape.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

using Chances = std::array<std::uint32_t, kWarpChances>;
using Image = std::vector<std::uint8_t>;

constexpr Chances kNone{0, 0, 0, 0};
constexpr std::uint32_t kMost = 0x7fffffff, kLeast = 0x80000000;

// A blob off the middle, with soft edges.
Image blob(std::size_t rows, std::size_t columns) {
  Image image(rows * columns);
  for (std::size_t i = 0; i < image.size(); ++i) {
    const double y = static_cast<double>(i / columns) - 0.45 * static_cast<double>(rows);
    const double x = static_cast<double>(i % columns) - 0.6 * static_cast<double>(columns);
    image[i] = static_cast<std::uint8_t>(255 * std::exp(-(y * y / 18 + x * x / 6 + x * y / 12)));
  }
  return image;
}

Image warped(const Image& image, std::size_t columns, const Chances& chances) {
  Image result(image.size());
  warp_image(image, columns, chances, result.data());
  return result;
}

double contrasted(double value) { return std::clamp((value - 127.5) * 1.17 + 127.5, 0.0, 255.0); }

// Keys' cubic convolution with a = -1/2, which is Catmull and Rom's spline.
double kernel(double d) {
  d = std::abs(d);
  if (d < 1) return 1.5 * d * d * d - 2.5 * d * d + 1;
  return d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0;
}

// The same map by sums over all pixels, in doubles.
std::vector<double> reference(const Image& image, std::size_t columns, const Chances& chances) {
  const std::size_t rows = image.size() / columns;
  const auto pixel = [&](std::size_t y, std::size_t x) {
    return static_cast<double>(image[y * columns + x]);
  };
  double sum = 0, cy = 0, cx = 0;
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      sum += pixel(y, x);
      cy += pixel(y, x) * static_cast<double>(y);
      cx += pixel(y, x) * static_cast<double>(x);
    }
  }
  cy /= sum, cx /= sum;
  const auto symmetric = [&](std::size_t k) {
    return static_cast<std::int32_t>(chances[k]) / 0x1p31;
  };
  const double turn = 8 * std::numbers::pi / 180 * symmetric(0);
  const double tall = 1 + 0.06 * symmetric(1), wide = 1 + 0.06 * symmetric(2);
  const double slant = 0.08 * symmetric(3);
  std::vector<double> values;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const double dy = static_cast<double>(i / columns) - cy;
    const double dx = static_cast<double>(i % columns) - cx;
    const double sy = cy + std::cos(turn) * tall * dy + std::sin(turn) * wide * dx;
    const double sx = cx + (slant - std::sin(turn) * tall) * dy + std::cos(turn) * wide * dx;
    double value = 0;
    for (std::size_t y = 0; y < rows; ++y) {
      const double down = kernel(sy - static_cast<double>(y));
      if (down == 0) continue;
      for (std::size_t x = 0; x < columns; ++x) {
        value += down * kernel(sx - static_cast<double>(x)) * pixel(y, x);
      }
    }
    values.push_back(contrasted(value));
  }
  return values;
}

TEST_CASE("by no chance only the contrast rises") {
  const Image image = blob(28, 28);
  const Image same = warped(image, 28, kNone);
  for (std::size_t i = 0; i < image.size(); ++i) {
    CHECK(std::abs(same[i] - contrasted(image[i])) <= 0.51);
  }
}

TEST_CASE("the map is the one that is documented") {
  std::vector<Chances> all{kNone};
  for (std::size_t k = 0; k < kWarpChances; ++k) {
    for (const std::uint32_t word : {kMost, kLeast}) {
      all.push_back(kNone);
      all.back()[k] = word;
    }
  }
  all.push_back({kMost, kLeast, kMost, kLeast});
  all.push_back({kLeast, kLeast, kLeast, kLeast});
  struct Shape {
    std::size_t rows, columns;
  };
  for (const auto [rows, columns] : {Shape{28, 28}, Shape{9, 13}, Shape{30, 7}}) {
    // Light at every border too.
    for (Image image : {blob(rows, columns), Image(rows * columns, 200)}) {
      image[0] = image.back() = 255;
      for (const Chances& chances : all) {
        const Image result = warped(image, columns, chances);
        const auto expected = reference(image, columns, chances);
        double largest = 0;
        for (std::size_t i = 0; i < image.size(); ++i) {
          largest = std::max(largest, std::abs(result[i] - expected[i]));
        }
        CHECK(largest < 0.6);  // half of it is rounding
      }
    }
  }
}

TEST_CASE("a black image stays black, and a line of pixels is an image") {
  const Chances chances{kMost, kMost, kMost, kMost};
  CHECK(warped(Image(784), 28, chances) == Image(784));
  for (const std::size_t columns : {std::size_t{1}, std::size_t{kMaxWidth}}) {
    const Image line(kMaxWidth, 255);
    const Image result = warped(line, columns, chances);
    // About the middle nothing comes from beyond the line's ends; beside it, it comes from there.
    CHECK(result[kMaxWidth / 2] == 255);
    CHECK(warped({255}, 1, chances) == Image{255});
  }
}

TEST_CASE("the same bits on every machine") {
  const Image image = blob(28, 28);
  std::uint32_t crc = 0;
  for (std::uint32_t item = 0; item < 100; ++item) {
    Chances chances;
    uniforms(5, Purpose::kUserDefined, 0, item, chances.data(), chances.size());
    const Image result = warped(image, 28, chances);
    crc = crc32c(std::as_bytes(std::span(result)), crc);
  }
  CHECK(crc == 0x4e32bc9d);
}

}  // namespace
