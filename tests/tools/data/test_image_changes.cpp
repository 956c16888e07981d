#include "tools/data/image_changes.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace picovae::tools;

using Pixels = std::vector<std::uint8_t>;

TEST_CASE("all images are changed") {
  Images images{2, 2, 3, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16}};
  transpose(images);
  CHECK(images.rows == 3);
  CHECK(images.cols == 2);
  CHECK(images.pixels == Pixels{1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16});
  invert(images);
  CHECK(images.pixels == Pixels{254, 251, 253, 250, 252, 249, 244, 241, 243, 240, 242, 239});
  resize(images, 3, 2);
  CHECK(images.pixels[0] == 254);
  Images gray{2, 2, 2, {1, 1, 1, 1, 9, 9, 9, 9}};
  resize(gray, 1, 1);
  CHECK(gray.rows == 1);
  CHECK(gray.cols == 1);
  CHECK(gray.pixels == Pixels{1, 9});
}
