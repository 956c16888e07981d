// Images drawn in a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace picovae::tools {

// Columns of the terminal at `descriptor`; `otherwise` if it is not a terminal.
std::size_t terminal_width(int descriptor, std::size_t otherwise);

// Returns lines of text, each ended by a newline, in the ramp " .:-=+*#%@", which can be read in
// logs and over serial lines too. A character is one pixel wide and two high, as terminal
// characters are about twice as high as wide. As many images as fit in `columns` characters, but at
// least one, are side by side; an empty line separates rows of images.
//   images         [n][height * width] u8, 0 is background, 255 is ink
//   width, height  of one image
std::string render_text(std::span<const std::uint8_t> images, std::size_t width, std::size_t height,
                        std::size_t columns);

}  // namespace picovae::tools
