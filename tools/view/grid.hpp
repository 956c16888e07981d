// Many small images in one large one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tools/base/png.hpp"

namespace picovae::tools {

struct GridStyle {
  std::size_t columns = 10;
  std::size_t scale = 2;         // each pixel becomes scale x scale pixels
  std::size_t margin = 2;        // around and between cells, in pixels of the result
  std::uint8_t background = 72;  // neither ink nor paper, so that cells are visible
};

struct ImageSize {
  std::size_t width = 0, height = 0;
};

// The size of an image of `pixels` pixels. If its columns are not known (0) it is drawn square if
// that is possible, else as near to it as the number divides, and wider than high.
ImageSize image_size(std::size_t pixels, std::size_t columns);

// Returns the images side by side, row after row; cells that are left over are background. Fewer
// images than columns make a narrower picture.
//   images  [n][height * width] u8, n >= 1
//   size    of one image
GrayImage compose_grid(std::span<const std::uint8_t> images, ImageSize size,
                       const GridStyle& style = {});

// Returns images over their reconstructions, in rows of up to ten pairs.
//   images, reconstructions  [n][height * width] u8, n >= 1
GrayImage compose_pairs(std::span<const std::uint8_t> images,
                        std::span<const std::uint8_t> reconstructions, ImageSize size);

}  // namespace picovae::tools
