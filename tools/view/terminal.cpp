#include "tools/view/terminal.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <string_view>

#include "tools/base/error.hpp"

namespace picovae::tools {

std::size_t terminal_width(int descriptor, std::size_t otherwise) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

std::string render_text(std::span<const std::uint8_t> images, std::size_t width, std::size_t height,
                        std::size_t columns) {
  constexpr std::string_view kRamp = " .:-=+*#%@";
  const std::size_t pixels = width * height;
  if (pixels == 0 || images.size() % pixels != 0) {
    fail("{} pixels are not a whole number of images of {} x {}", images.size(), width, height);
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
          const std::size_t upper = image[y * width + x];
          const std::size_t lower = y + 1 < height ? image[(y + 1) * width + x] : 0;
          text += kRamp[(upper + lower + 1) / 2 * kRamp.size() / 256];
        }
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace picovae::tools
