#include "tools/data/box_filter.hpp"

#include <algorithm>

namespace picovae::tools {
namespace {

// In units in which a pixel of the result is `from` long and one of the source is `to` long: calls
// add(source, length) for each pixel of the source that pixel `at` of the result covers.
template <typename Add>
void for_each_covered(std::size_t at, std::size_t from, std::size_t to, Add add) {
  const std::size_t begin = at * from;
  const std::size_t end = begin + from;
  for (std::size_t source = begin / to; source * to < end; ++source) {
    add(source, std::min(end, (source + 1) * to) - std::max(begin, source * to));
  }
}

std::size_t divide(std::size_t value, std::size_t by) { return (2 * value + by) / (2 * by); }

}  // namespace

std::vector<std::uint8_t> resize_image(std::span<const std::uint8_t> pixels, std::size_t rows,
                                       std::size_t cols, std::size_t to_rows, std::size_t to_cols) {
  // The side that touches both edges, and the other one in proportion.
  const bool wide = cols * to_rows >= rows * to_cols;
  const std::size_t width = wide ? to_cols : std::max<std::size_t>(1, divide(cols * to_rows, rows));
  const std::size_t height =
      wide ? std::max<std::size_t>(1, divide(rows * to_cols, cols)) : to_rows;

  // Sums over the columns, at most 255 * 4096, and then over the rows: rounded once, at the end.
  std::vector<std::uint32_t> sums(rows * width);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for_each_covered(x, cols, width, [&](std::size_t source, std::size_t length) {
        sums[y * width + x] += static_cast<std::uint32_t>(pixels[y * cols + source] * length);
      });
    }
  }
  std::vector<std::uint8_t> resized(to_rows * to_cols);
  const std::size_t top = (to_rows - height) / 2;
  const std::size_t left = (to_cols - width) / 2;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      std::size_t sum = 0;
      for_each_covered(y, rows, height, [&](std::size_t source, std::size_t length) {
        sum += sums[source * width + x] * length;
      });
      resized[(top + y) * to_cols + left + x] = static_cast<std::uint8_t>(divide(sum, rows * cols));
    }
  }
  return resized;
}

}  // namespace picovae::tools
