// Small data sets in memory, for tests of what looks at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tools/data/dataset.hpp"

namespace picovae::tests {

// Of images of `rows` x `cols` pixels.
inline tools::LabeledImages images_of(std::size_t rows, std::size_t cols,
                                      std::vector<std::uint8_t> pixels,
                                      std::vector<std::uint8_t> labels = {}) {
  const std::size_t count = pixels.size() / (rows * cols);
  return {{count, rows, cols, std::move(pixels)}, std::move(labels), {}};
}

// `count` different images of 8 x 8: a black border of one pixel, and in it ink that no two share.
inline tools::LabeledImages framed_images(std::size_t count) {
  std::vector<std::uint8_t> pixels;
  for (std::size_t image = 0; image < count; ++image) {
    for (std::size_t p = 0; p < 64; ++p) {
      const bool border = p < 8 || p >= 56 || p % 8 == 0 || p % 8 == 7;
      const std::size_t bit = (p - 9) % 8 + (p - 9) / 8 * 6;  // of the 36 within
      const bool ink = (image >> (bit % 12) & 1) != 0 || p == 27;
      pixels.push_back(static_cast<std::uint8_t>(border ? 0 : ink ? 255 - p : 16 + p % 3));
    }
  }
  return images_of(8, 8, pixels);
}

}  // namespace picovae::tests
