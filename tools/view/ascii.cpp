#include "tools/view/ascii.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

constexpr std::string_view kRamp = " .:-=+*#%@";

void append_ascii(std::string& text, unsigned upper, unsigned lower) {
  const std::size_t mean = (upper + lower + 1) / 2;
  text += kRamp[mean * kRamp.size() / 256];
}

void append_block(std::string& text, unsigned upper, unsigned lower) {
  constexpr unsigned kDarkest = 232, kGrays = 24;  // the gray ramp of the 256-color palette
  fmt::format_to(std::back_inserter(text), "\x1b[38;5;{};48;5;{}m\u2580",
                 kDarkest + upper * kGrays / 256, kDarkest + lower * kGrays / 256);
}

}  // namespace

std::string render_text(std::span<const std::uint8_t> images, std::size_t width, std::size_t height,
                        std::size_t columns, TextStyle style) {
  const std::size_t pixels = width * height;
  if (pixels == 0 || images.size() % pixels != 0) {
    fail("{} pixels are no whole number of images of {} x {}", images.size(), width, height);
  }
  const std::size_t count = images.size() / pixels;
  const std::size_t per_row = std::max<std::size_t>(1, (columns + 1) / (width + 1));
  std::string text;
  for (std::size_t first = 0; first < count; first += per_row) {
    if (first > 0) text += '\n';
    const std::size_t last = std::min(count, first + per_row);
    for (std::size_t y = 0; y < height; y += 2) {
      for (std::size_t i = first; i < last; ++i) {
        if (i > first) text += ' ';
        const auto image = images.subspan(i * pixels, pixels);
        for (std::size_t x = 0; x < width; ++x) {
          const unsigned upper = image[y * width + x];
          const unsigned lower = y + 1 < height ? image[(y + 1) * width + x] : 0;
          if (style == TextStyle::kAscii) {
            append_ascii(text, upper, lower);
          } else {
            append_block(text, upper, lower);
          }
        }
        if (style == TextStyle::kBlocks) text += "\x1b[0m";
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace picovae::tools
