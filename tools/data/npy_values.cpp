// npy.hpp: what an array's values mean.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/memory.hpp"
#include "tools/base/notice.hpp"
#include "tools/base/text.hpp"
#include "tools/data/npy.hpp"

namespace picovae::tools {
namespace {

// The number at `from`, of type T or its big-endian form. 64-bit integers that a double does not
// have are far outside of every range.
template <typename T>
double number_at(const std::byte* from, bool big_endian) {
  std::array<std::byte, sizeof(T)> bytes;
  std::copy_n(from, sizeof(T), bytes.begin());
  if (big_endian) std::reverse(bytes.begin(), bytes.end());
  return static_cast<double>(std::bit_cast<T>(bytes));
}

using Number = double (*)(const std::byte* from, bool big_endian);

Number number_of(const NpyArray& array) {
  struct Known {
    char kind;
    std::size_t size;
    Number number;
  };
  for (const Known& known : std::initializer_list<Known>{{'b', 1, number_at<std::uint8_t>},
                                                         {'u', 1, number_at<std::uint8_t>},
                                                         {'u', 2, number_at<std::uint16_t>},
                                                         {'u', 4, number_at<std::uint32_t>},
                                                         {'u', 8, number_at<std::uint64_t>},
                                                         {'i', 1, number_at<std::int8_t>},
                                                         {'i', 2, number_at<std::int16_t>},
                                                         {'i', 4, number_at<std::int32_t>},
                                                         {'i', 8, number_at<std::int64_t>},
                                                         {'f', 4, number_at<float>}}) {
    if (known.kind == array.kind && known.size == array.item_size) return known.number;
  }
  return number_at<double>;
}

std::string shape_of(const NpyArray& array) {
  return fmt::format("({})", joined(array.shape, ", "));
}

// Calls take(value) for all values of an array [count, rows, cols] in the order of C.
template <typename Take>
void for_each_value(const NpyArray& array, const Images& images, Take take) {
  const Number number = number_of(array);
  const std::size_t size = array.item_size;
  const auto& [count, rows, cols, pixels] = images;
  // Bytes from an image, a row and a column to the next.
  const std::size_t image_step = array.fortran_order ? size : size * rows * cols;
  const std::size_t row_step = array.fortran_order ? size * count : size * cols;
  const std::size_t col_step = array.fortran_order ? size * count * rows : size;
  for (std::size_t image = 0; image < count; ++image) {
    for (std::size_t row = 0; row < rows; ++row) {
      const std::byte* at = array.data.data() + image * image_step + row * row_step;
      for (std::size_t col = 0; col < cols; ++col) {
        take(number(at + col * col_step, array.big_endian));
      }
    }
  }
}

// Count, rows and columns.
Images empty_images(const NpyArray& array, std::string_view name) {
  std::vector<std::size_t> shape = array.shape;
  if (shape.size() == 4) {
    if (shape[1] == 1) {
      shape.erase(shape.begin() + 1);
    } else if (shape[3] == 1) {
      shape.pop_back();
    }
  }
  if (shape.size() == 2) {
    const auto side = static_cast<std::size_t>(std::lround(std::sqrt(shape[1])));
    if (side * side != shape[1]) {
      fail("{}: has the shape {}, and {} is no square number; save it as [N, H, W]", name,
           shape_of(array), shape[1]);
    }
    shape = {shape[0], side, side};
  }
  if (shape.size() != 3) {
    fail("{}: has the shape {}; gray images are [N, H, W] or [N, H * W]", name, shape_of(array));
  }
  if (shape[0] == 0) fail("{}: holds no images", name);
  if (shape[1] == 0 || shape[2] == 0 || shape[1] > kMaxSide || shape[2] > kMaxSide) {
    fail("{}: images have {} x {} pixels; 1 to {} each way are possible", name, shape[1], shape[2],
         kMaxSide);
  }
  return {shape[0], shape[1], shape[2], {}};
}

struct Range {
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -std::numeric_limits<double>::infinity();
  bool numbers = true;
};

Range range_of(const NpyArray& array, const Images& images) {
  Range range;
  for_each_value(array, images, [&](double value) {
    range.lowest = std::min(range.lowest, value);
    range.highest = std::max(range.highest, value);
    range.numbers = range.numbers && !std::isnan(value);
  });
  return range;
}

}  // namespace

Images images_of(std::vector<std::uint8_t> file, std::string_view name) {
  const NpyArray array = parse_npy(std::as_bytes(std::span(file)), name);
  Images images = empty_images(array, name);
  const Range range = range_of(array, images);
  if (!range.numbers) fail("{}: holds values that are no numbers (NaN)", name);
  if (range.lowest < 0 || range.highest > 255) {
    fail("{}: holds values from {:g} to {:g}; images are 0 to 255, or 0 to 1", name, range.lowest,
         range.highest);
  }
  const double scale = range.highest <= 1 ? 255 : 1;
  if (array.kind == 'f' || (array.kind != 'b' && range.highest == 1)) {
    notice("{}: values from {:g} to {:g}; {} is taken for white", name, range.lowest, range.highest,
           255 / scale);
  }
  // Bytes of pixels as they are: those of the file, so that nothing is held twice.
  if (array.kind == 'u' && array.item_size == 1 && !array.fortran_order && scale == 1) {
    const auto header = array.data.data() - std::as_bytes(std::span(file)).data();
    file.erase(file.begin(), file.begin() + header);
    images.pixels = std::move(file);
    return images;
  }
  reserve_for(images.pixels, images.count * images.rows * images.cols, name);
  for_each_value(array, images, [&](double value) {
    images.pixels.push_back(static_cast<std::uint8_t>(std::lround(scale * value)));
  });
  return images;
}

std::vector<std::uint8_t> labels_of(std::span<const std::uint8_t> file, std::string_view name) {
  const NpyArray array = parse_npy(std::as_bytes(file), name);
  const bool flat = array.shape.size() == 1 || (array.shape.size() == 2 && array.shape[1] == 1);
  if (!flat) {
    fail("{}: has the shape {}; labels are [N], a number each", name, shape_of(array));
  }
  if (array.shape[0] == 0) fail("{}: holds no labels", name);
  std::vector<std::uint8_t> labels;
  labels.reserve(array.shape[0]);
  for_each_value(array, {array.shape[0], 1, 1, {}}, [&](double value) {
    if (!(value >= 0 && value <= 255 && value == std::floor(value))) {
      fail("{}: label {} is {:g}; whole numbers from 0 to 255 are possible", name, labels.size(),
           value);
    }
    labels.push_back(static_cast<std::uint8_t>(value));
  });
  return labels;
}

}  // namespace picovae::tools
