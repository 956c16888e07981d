// Images and classes for tests that only need some.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/class_gaussians.hpp"

namespace picovae::tests {

// [count][pixels] of the built shape, each image different.
inline std::vector<std::uint8_t> some_images(std::size_t count) {
  constexpr std::size_t kPixels = MnistShape::kPixels;
  std::vector<std::uint8_t> images(count * kPixels);
  for (std::size_t i = 0; i < images.size(); ++i) {
    images[i] = static_cast<std::uint8_t>((i * 37 + i / kPixels * 11) % 256);
  }
  return images;
}

// [count][pixels], with a structure: a few smooth waves, clipped as ink is.
inline std::vector<std::uint8_t> wavy_images(std::size_t count, std::size_t pixels,
                                             std::uint32_t seed) {
  Dice dice(seed);
  std::vector<std::uint8_t> images;
  for (std::size_t image = 0; image < count; ++image) {
    const double phase = dice.uniform(0, 6.3);
    const double wave = dice.uniform(0.05, 0.5);
    const double level = dice.uniform(-0.5, 0.5);
    for (std::size_t i = 0; i < pixels; ++i) {
      const double ink = level + std::sin(phase + wave * static_cast<double>(i));
      images.push_back(static_cast<std::uint8_t>(255 * std::clamp(ink, 0.0, 1.0)));
    }
  }
  return images;
}

// Labels 2 and 5, over latents 0 and 3.
inline tools::ClassGaussians some_classes() {
  return {{2, 5}, {0, 3}, {0.5F, -1, 0, 0.25F}, {0.5F, 0, -0.25F, 0.75F, 0.9F, 0, 0.125F, 0.25F}};
}

}  // namespace picovae::tests
