#include "tools/data/look.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "tools/data/pixels.hpp"

namespace picovae::tools {
namespace {

std::string_view image_at(const Images& images, std::size_t i) {
  const std::size_t size = images.rows * images.cols;
  return {reinterpret_cast<const char*>(images.pixels.data()) + i * size, size};
}

// Of each place of an image, over all images.
struct Places {
  std::vector<std::uint8_t> least, greatest;
  std::vector<std::uint64_t> sum;
};

Places look_at_places(const Images& images) {
  const std::size_t size = images.rows * images.cols;
  Places places{std::vector<std::uint8_t>(size, 255), std::vector<std::uint8_t>(size, 0),
                std::vector<std::uint64_t>(size)};
  for (std::size_t i = 0; i < images.count; ++i) {
    const std::uint8_t* const image = images.pixels.data() + i * size;
    for (std::size_t p = 0; p < size; ++p) {
      places.least[p] = std::min(places.least[p], image[p]);
      places.greatest[p] = std::max(places.greatest[p], image[p]);
      places.sum[p] += image[p];
    }
  }
  return places;
}

// Mean brightness of the places that `wanted(row, column)` is true for.
template <typename Wanted>
double mean_where(const Images& images, const Places& places, Wanted wanted) {
  std::uint64_t sum = 0, count = 0;
  for (std::size_t row = 0; row < images.rows; ++row) {
    for (std::size_t column = 0; column < images.cols; ++column) {
      if (!wanted(row, column)) continue;
      sum += places.sum[row * images.cols + column];
      count += images.count;
    }
  }
  return static_cast<double>(sum) / static_cast<double>(count);
}

bool is_constant(std::string_view image) {
  return image.find_first_not_of(image.front()) == std::string_view::npos;
}

bool is_middle(std::size_t i, std::size_t size) { return i >= size / 4 && i < size - size / 4; }

bool is_end(std::size_t i, std::size_t size) { return i == 0 || i + 1 == size; }

}  // namespace

std::uint8_t Look::least() const {
  const auto lit = std::find_if(values.begin(), values.end(), [](auto count) { return count > 0; });
  return static_cast<std::uint8_t>(lit - values.begin());
}

std::uint8_t Look::greatest() const {
  const auto lit =
      std::find_if(values.rbegin(), values.rend(), [](auto count) { return count > 0; });
  return static_cast<std::uint8_t>(values.rend() - lit - 1);
}

double Look::mean() const {
  double sum = 0;
  for (std::size_t v = 0; v < values.size(); ++v) {
    sum += static_cast<double>(v) * static_cast<double>(values[v]);
  }
  return sum / static_cast<double>(images * pixels());
}

std::array<double, Look::kBins> Look::histogram() const {
  std::array<double, kBins> shares{};
  for (std::size_t v = 0; v < values.size(); ++v) {
    shares[v * kBins / values.size()] +=
        static_cast<double>(values[v]) / static_cast<double>(images * pixels());
  }
  return shares;
}

double Look::entropy() const {
  double sum = 0;
  for (std::size_t v = 0; v < values.size(); ++v) {
    sum += pixel_entropy(static_cast<std::uint8_t>(v)) * static_cast<double>(values[v]);
  }
  return sum / static_cast<double>(images);
}

Look look_at(const LabeledImages& data) {
  const Images& images = data.images;
  Look look;
  look.images = images.count;
  look.rows = images.rows;
  look.cols = images.cols;
  for (const std::uint8_t label : data.labels) ++look.labels[label];
  for (const std::uint8_t value : images.pixels) ++look.values[value];
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < images.count; ++i) {
    const std::string_view image = image_at(images, i);
    if (!seen.insert(image).second) ++look.repeated;
    if (!is_constant(image)) continue;
    if (look.constant == 0) look.first_constant = i;
    ++look.constant;
  }
  const Places places = look_at_places(images);
  const auto count = [](const std::vector<std::uint8_t>& values, std::uint8_t value) {
    return static_cast<std::size_t>(std::count(values.begin(), values.end(), value));
  };
  look.never_lit = count(places.greatest, 0);
  look.always_lit = count(places.least, 255);
  look.border = mean_where(images, places, [&](std::size_t row, std::size_t column) {
    return is_end(row, images.rows) || is_end(column, images.cols);
  });
  look.center = mean_where(images, places, [&](std::size_t row, std::size_t column) {
    return is_middle(row, images.rows) && is_middle(column, images.cols);
  });
  return look;
}

std::size_t count_known(const Images& images, const Images& known) {
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < known.count; ++i) seen.insert(image_at(known, i));
  std::size_t count = 0;
  for (std::size_t i = 0; i < images.count; ++i) count += seen.count(image_at(images, i));
  return count;
}

}  // namespace picovae::tools
