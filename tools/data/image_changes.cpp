#include "tools/data/image_changes.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "tools/data/box_filter.hpp"

namespace picovae::tools {

void resize(Images& images, std::size_t rows, std::size_t cols) {
  if (images.rows == rows && images.cols == cols) return;
  const std::size_t size = images.rows * images.cols;
  std::vector<std::uint8_t> resized;
  resized.reserve(images.count * rows * cols);
  for (std::size_t i = 0; i < images.count; ++i) {
    const auto image = resize_image(std::span(images.pixels).subspan(i * size, size), images.rows,
                                    images.cols, rows, cols);
    resized.insert(resized.end(), image.begin(), image.end());
  }
  images = {images.count, rows, cols, std::move(resized)};
}

void transpose(Images& images) {
  const std::size_t size = images.rows * images.cols;
  std::vector<std::uint8_t> turned(size);
  for (std::size_t i = 0; i < images.count; ++i) {
    std::uint8_t* const image = images.pixels.data() + i * size;
    for (std::size_t k = 0; k < size; ++k) {
      turned[k % images.cols * images.rows + k / images.cols] = image[k];
    }
    std::copy(turned.begin(), turned.end(), image);
  }
  std::swap(images.rows, images.cols);
}

void invert(Images& images) {
  for (std::uint8_t& pixel : images.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
}

}  // namespace picovae::tools
