// Images of the built shape and classes of its latents, for tests that only need some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/base/built_shape.hpp"
#include "tools/format/class_gaussians.hpp"

namespace picovae::tests {

// [count][pixels], each image different.
inline std::vector<std::uint8_t> some_images(std::size_t count) {
  constexpr std::size_t kPixels = tools::BuiltShape::kPixels;
  std::vector<std::uint8_t> images(count * kPixels);
  for (std::size_t i = 0; i < images.size(); ++i) {
    images[i] = static_cast<std::uint8_t>((i * 37 + i / kPixels * 11) % 256);
  }
  return images;
}

// Labels 2 and 5, over latents 0 and 3.
inline tools::ClassGaussians some_classes() {
  return {{2, 5}, {0, 3}, {0.5F, -1, 0, 0.25F}, {0.5F, 0, -0.25F, 0.75F, 0.9F, 0, 0.125F, 0.25F}};
}

}  // namespace picovae::tests
