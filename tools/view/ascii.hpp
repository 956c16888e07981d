// Images drawn in a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace picovae::tools {

enum class TextStyle {
  kAscii,   // the ramp " .:-=+*#%@": readable everywhere, in logs and over serial lines too
  kBlocks,  // Unicode half-blocks in the 24 grays of a 256-color terminal
};

// Returns lines of text, each ended by a newline. A character is one pixel wide and two high, as
// terminal characters are about twice as high as wide. As many images stand side by side as fit in
// `columns` characters, one at least; an empty line parts rows of images.
//   images         [n][height * width] u8, 0 is background, 255 is ink
//   width, height  of one image
std::string render_text(std::span<const std::uint8_t> images, std::size_t width, std::size_t height,
                        std::size_t columns, TextStyle style = TextStyle::kAscii);

}  // namespace picovae::tools
