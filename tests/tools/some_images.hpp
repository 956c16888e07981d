// Images of the built shape that differ from one another, for tests that only need some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/base/built_shape.hpp"

namespace picovae::tests {

// [count][pixels]
inline std::vector<std::uint8_t> some_images(std::size_t count) {
  constexpr std::size_t kPixels = tools::BuiltShape::kPixels;
  std::vector<std::uint8_t> images(count * kPixels);
  for (std::size_t i = 0; i < images.size(); ++i) {
    images[i] = static_cast<std::uint8_t>((i * 37 + i / kPixels * 11) % 256);
  }
  return images;
}

}  // namespace picovae::tests
