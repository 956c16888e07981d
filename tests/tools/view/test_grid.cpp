#include "tools/view/grid.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/tools/temporary_folder.hpp"

using namespace picovae::tools;
using namespace picovae::tests;

using Pixels = std::vector<std::uint8_t>;

TEST_CASE("a grid puts every pixel in its place") {
  // Three images of 3 x 2 in two columns, each pixel with another value.
  Pixels images(3 * 6);
  std::iota(images.begin(), images.end(), std::uint8_t{1});
  const GridStyle style{.columns = 2, .scale = 3, .margin = 2, .background = 99};
  const GrayImage grid = compose_grid(images, {3, 2}, style);
  REQUIRE(grid.width == 2 + 2 * (9 + 2));
  REQUIRE(grid.height == 2 + 2 * (6 + 2));
  REQUIRE(grid.pixels.size() == grid.width * grid.height);
  for (std::size_t y = 0; y < grid.height; ++y) {
    for (std::size_t x = 0; x < grid.width; ++x) {
      const std::size_t column = x / 11, row = y / 8;
      const std::size_t inner_x = x % 11, inner_y = y % 8;
      const std::size_t i = row * 2 + column;
      const bool ink = inner_x >= 2 && inner_y >= 2 && i < 3;
      const unsigned wanted =
          ink ? static_cast<unsigned>(i * 6 + (inner_y - 2) / 3 * 3 + (inner_x - 2) / 3 + 1) : 99;
      CAPTURE(x);
      CAPTURE(y);
      CHECK(unsigned{grid.pixels[y * grid.width + x]} == wanted);
    }
  }
}

TEST_CASE("grids at the edge") {
  const GrayImage one =
      compose_grid(Pixels(4, 5), {2, 2}, {.columns = 10, .scale = 1, .margin = 0});
  CHECK(one.width == 2);
  CHECK(one.height == 2);
  CHECK(one.pixels == Pixels(4, 5));
  CHECK(!message_of([] { compose_grid(Pixels(5), {2, 2}); }).empty());
  CHECK(!message_of([] { compose_grid(Pixels(), {2, 2}); }).empty());
  CHECK(!message_of([] { compose_grid(Pixels(4), {2, 2}, {.columns = 0}); }).empty());
  CHECK(!message_of([] { compose_grid(Pixels(4), {2, 2}, {.scale = 0}); }).empty());
  CHECK(contains(message_of([] {
                   compose_grid(Pixels(60'000), {1, 1}, {.columns = 1, .scale = 99});
                 }),
                 "ask for fewer images"));
}

TEST_CASE("pairs stay together, and the last row is filled up") {
  Pixels images, reconstructions;
  for (std::uint8_t i = 0; i < 12; ++i) {
    images.push_back(i);
    reconstructions.push_back(static_cast<std::uint8_t>(100 + i));
  }
  const GrayImage pairs = compose_pairs(images, reconstructions, {1, 1});
  const GridStyle style;
  const std::size_t cell = style.scale + style.margin;
  CHECK(pairs.width == 10 * cell + style.margin);
  CHECK(pairs.height == 4 * cell + style.margin);
  const auto at = [&](std::size_t column, std::size_t row) {
    return unsigned{
        pairs.pixels[(row * cell + style.margin) * pairs.width + column * cell + style.margin]};
  };
  CHECK(at(9, 0) == 9);
  CHECK(at(9, 1) == 109);
  CHECK(at(1, 2) == 11);
  CHECK(at(1, 3) == 111);
  CHECK(at(2, 2) == style.background);
}

TEST_CASE("an image is drawn as a square, or as near to one as its pixels divide") {
  const auto is = [](std::size_t pixels, std::size_t width, std::size_t height) {
    const ImageSize size = image_size(pixels, 0);
    return size.width == width && size.height == height;
  };
  CHECK(is(784, 28, 28));
  CHECK(is(1, 1, 1));
  CHECK(is(15, 5, 3));
  CHECK(is(512, 32, 16));
  CHECK(is(785, 157, 5));
  CHECK(is(127, 127, 1));  // a prime
  CHECK(is(4096, 64, 64));
  const ImageSize known = image_size(784, 14);
  CHECK(known.width == 14);
  CHECK(known.height == 56);
}
