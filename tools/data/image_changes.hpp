// Changes of all images of a data set.
#pragma once

#include <cstddef>

#include "tools/data/idx.hpp"

namespace picovae::tools {

// Brings all images to rows x cols by resize_image (box_filter.hpp), if they have another size.
//   rows, cols  1 to 4096
void resize(Images& images, std::size_t rows, std::size_t cols);

// Swaps rows and columns.
void transpose(Images& images);

// Each pixel p becomes 255 - p.
void invert(Images& images);

}  // namespace picovae::tools
