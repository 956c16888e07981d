// The latent space as a picture: digits over two latents, and the codes of images, by label if they
// have any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/view/grid.hpp"

namespace picovae::tools {

// z at the middle of each of `count` intervals of equal probability of N(0, 1), ascending.
std::vector<double> normal_quantiles(std::size_t count);

struct LatentMap {
  std::array<std::size_t, 2> units;      // across, and up
  std::size_t side = 0;                  // images each way
  ImageSize size;                        // of an image
  std::span<const std::uint8_t> digits;  // [side][side][height * width], the topmost row first
  std::span<const std::array<double, 2>> points;
  std::span<const std::uint8_t> labels;  // [points.size()], or empty
  std::string_view split;                // what the points are of: "test" or "validation"
};

// The gnuplot script that writes the picture as a PNG to its standard output.
std::string map_script(const LatentMap& map);

}  // namespace picovae::tools
