// Images of any size to images of another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace picovae::tools {

// Returns the pixels [to_rows][to_cols] of an image [rows][cols]: the largest picture of the same
// proportions in the middle, on black. Each pixel is the mean of the area that it covers, rounded
// to the nearest, in whole numbers: the same everywhere.
//   rows, cols, to_rows, to_cols  1 to 4096
std::vector<std::uint8_t> resize_image(std::span<const std::uint8_t> pixels, std::size_t rows,
                                       std::size_t cols, std::size_t to_rows, std::size_t to_cols);

}  // namespace picovae::tools
