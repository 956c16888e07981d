#include "tools/view/grid.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tools/base/error.hpp"

namespace picovae::tools {

ImageSize image_size(std::size_t pixels, std::size_t columns) {
  if (columns != 0) return {columns, pixels / columns};
  auto height = static_cast<std::size_t>(std::sqrt(pixels));
  while (pixels % height != 0) --height;
  return {pixels / height, height};
}

GrayImage compose_grid(std::span<const std::uint8_t> images, ImageSize size,
                       const GridStyle& style) {
  const auto [width, height] = size;
  const std::size_t pixels = width * height;
  if (pixels == 0 || images.empty() || images.size() % pixels != 0 || style.columns == 0 ||
      style.scale == 0) {
    fail("a grid of {} columns at scale {} cannot be made of {} pixels in images of {} x {}",
         style.columns, style.scale, images.size(), width, height);
  }
  const std::size_t count = images.size() / pixels;
  const std::size_t columns = std::min(style.columns, count);
  const std::size_t rows = (count + columns - 1) / columns;
  const std::size_t cell_width = width * style.scale + style.margin;
  const std::size_t cell_height = height * style.scale + style.margin;

  GrayImage grid;
  grid.width = columns * cell_width + style.margin;
  grid.height = rows * cell_height + style.margin;
  constexpr std::size_t kMaxSide = 1'000'000;  // libpng's own limit
  constexpr std::size_t kMaxPixels = std::size_t{1} << 28;
  if (grid.width > kMaxSide || grid.height > kMaxSide || grid.width > kMaxPixels / grid.height) {
    fail("a picture of {} images would have {} x {} pixels; ask for fewer images", count,
         grid.width, grid.height);
  }
  grid.pixels.assign(grid.width * grid.height, style.background);

  for (std::size_t i = 0; i < count; ++i) {
    const auto image = images.subspan(i * pixels, pixels);
    const std::size_t left = style.margin + i % columns * cell_width;
    const std::size_t top = style.margin + i / columns * cell_height;
    for (std::size_t y = 0; y < height * style.scale; ++y) {
      std::uint8_t* out = grid.pixels.data() + (top + y) * grid.width + left;
      for (std::size_t x = 0; x < width * style.scale; ++x) {
        out[x] = image[y / style.scale * width + x / style.scale];
      }
    }
  }
  return grid;
}

GrayImage compose_pairs(std::span<const std::uint8_t> images,
                        std::span<const std::uint8_t> reconstructions, ImageSize size) {
  const std::size_t pixels = size.width * size.height;
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
  return compose_grid(cells, size, style);
}

}  // namespace picovae::tools
