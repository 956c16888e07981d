// The training that fuzz_checkpoint goes on with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/shape.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tests {

inline constexpr Dimensions kCheckpointShape{6, 4, 3, 2};

inline tools::Recipe checkpoint_recipe() {
  tools::Recipe recipe;
  recipe.epochs = 3;
  recipe.batch = 2;
  return recipe;
}

// Five: the last minibatch is a smaller one.
inline std::vector<std::uint8_t> checkpoint_images() {
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < 5 * std::size_t{kCheckpointShape.pixels}; ++i) {
    images.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  }
  return images;
}

}  // namespace picovae::tests
