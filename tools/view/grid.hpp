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
  std::uint8_t background = 72;  // neither ink nor paper, so that cells are visible
};

// The side of a square image of `pixels` pixels; fails if that is not a square.
std::size_t image_side(std::size_t pixels);

// Returns the images side by side, row after row; cells that are left over are background. Fewer
// images than columns make a narrower picture.
//   images         [n][height * width] u8, n >= 1
//   width, height  of one image
GrayImage compose_grid(std::span<const std::uint8_t> images, std::size_t width, std::size_t height,
                       const GridStyle& style = {});

// Returns images over their reconstructions, in rows of up to ten pairs.
//   images, reconstructions  [n][side * side] u8, n >= 1
GrayImage compose_pairs(std::span<const std::uint8_t> images,
                        std::span<const std::uint8_t> reconstructions, std::size_t side);

}  // namespace picovae::tools
