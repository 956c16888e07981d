// Images over their reconstructions, in rows of ten.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/view/grid.hpp"

namespace picovae::tools {

// images, reconstructions [n][side * side] u8.
inline GrayImage compose_pairs(std::span<const std::uint8_t> images,
                               std::span<const std::uint8_t> reconstructions, std::size_t side) {
  const std::size_t pixels = side * side;
  const std::size_t count = images.size() / pixels;
  const GridStyle style{.columns = std::min<std::size_t>(count, 10)};
  std::vector<std::uint8_t> cells;
  for (std::size_t first = 0; first < count; first += style.columns) {
    // A last row that is not full is filled up with empty cells, so that pairs stay together.
    for (const auto& source : {images, reconstructions}) {
      const std::size_t row = std::min(style.columns, count - first);
      const auto part = source.subspan(first * pixels, row * pixels);
      cells.insert(cells.end(), part.begin(), part.end());
      cells.resize(cells.size() + (style.columns - row) * pixels, style.background);
    }
  }
  return compose_grid(cells, side, side, style);
}

}  // namespace picovae::tools
