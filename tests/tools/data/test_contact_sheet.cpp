#include "tools/data/contact_sheet.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/tools/data/labeled_images.hpp"

namespace {

using namespace picovae::tools;
using picovae::tests::images_of;
using Pixels = std::vector<std::uint8_t>;

// Images of one pixel, which is their number.
LabeledImages numbered(std::size_t count, std::vector<std::uint8_t> labels = {}) {
  Pixels pixels(count);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  return images_of(1, 1, pixels, std::move(labels));
}

}  // namespace

TEST_CASE("a sheet without labels is taken evenly from all images") {
  CHECK(contact_sheet(numbered(200), 1, 99) == Pixels{0, 20, 40, 60, 80, 100, 120, 140, 160, 180});
  CHECK(contact_sheet(numbered(200), 10, 99).size() == 100);
  CHECK(contact_sheet(numbered(4), 10, 99) == Pixels{0, 1, 2, 3});
  CHECK(contact_sheet(numbered(14), 1, 99) == Pixels{0, 1, 2, 4, 5, 7, 8, 9, 11, 12});
}

TEST_CASE("a sheet with labels has a row of each") {
  CHECK(contact_sheet(numbered(8, {5, 5, 5, 5, 5, 5, 2, 9}), 3, 99) ==
        Pixels{6, 99, 99, 0, 2, 4, 7, 99, 99});
  CHECK(contact_sheet(numbered(4, {1, 0, 1, 0}), 1, 99) == Pixels{1, 0});
}

TEST_CASE("images of a sheet are whole") {
  const auto data = images_of(1, 2, {1, 2, 3, 4}, {1, 0});
  CHECK(contact_sheet(data, 2, 9) == Pixels{3, 4, 9, 9, 1, 2, 9, 9});
}
