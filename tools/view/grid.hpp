// Many small images in one large one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tools/view/png.hpp"

namespace picovae::tools {

struct GridStyle {
  std::size_t columns = 10;
  std::size_t scale = 2;         // each pixel becomes scale x scale pixels
  std::size_t margin = 2;        // around and between cells, in pixels of the result
  std::uint8_t background = 72;  // neither ink nor paper, so that cells can be seen
};

// Returns the images side by side, row after row; cells that are left over stay background. Fewer
// images than columns make a narrower picture.
//   images         [n][height * width] u8, n >= 1
//   width, height  of one image
GrayImage compose_grid(std::span<const std::uint8_t> images, std::size_t width, std::size_t height,
                       const GridStyle& style = {});

}  // namespace picovae::tools
