#include "tools/data/contact_sheet.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>

namespace picovae::tools {
namespace {

// Appends `count` of these images, or all of them, evenly.
void append(std::vector<std::uint8_t>& sheet, const Images& images,
            std::span<const std::size_t> numbers, std::size_t count) {
  const auto size = static_cast<std::ptrdiff_t>(images.rows * images.cols);
  const std::size_t taken = std::min(count, numbers.size());
  for (std::size_t i = 0; i < taken; ++i) {
    const auto number = static_cast<std::ptrdiff_t>(numbers[i * numbers.size() / taken]);
    const auto image = images.pixels.begin() + number * size;
    sheet.insert(sheet.end(), image, image + size);
  }
}

}  // namespace

std::vector<std::uint8_t> contact_sheet(const LabeledImages& data, std::size_t each,
                                        std::uint8_t empty) {
  const Images& images = data.images;
  std::vector<std::uint8_t> sheet;
  if (data.labels.empty()) {
    constexpr std::size_t kRows = 10;
    std::vector<std::size_t> all(images.count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    append(sheet, images, all, kRows * each);
    return sheet;
  }
  std::map<std::uint8_t, std::vector<std::size_t>> by_label;
  for (std::size_t i = 0; i < images.count; ++i) by_label[data.labels[i]].push_back(i);
  std::size_t row = 0;
  for (const auto& [label, numbers] : by_label) {
    append(sheet, images, numbers, each);
    sheet.resize(++row * each * images.rows * images.cols, empty);
  }
  return sheet;
}

}  // namespace picovae::tools
