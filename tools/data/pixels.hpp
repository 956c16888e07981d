// From the u8 pixels of a file to the f32 inputs of a model.
#pragma once

#include <array>
#include <cstdint>

#include "tools/base/fixed_math.hpp"
#include "tools/base/names.hpp"

namespace picovae::tools {

enum class PixelMode {
  kGray,        // p / 255
  kBinary,      // 1 if p / 255 is above one half, else 0
  kStochastic,  // 1 with probability p / 255, drawn at each use
};

inline constexpr std::array<Named<PixelMode>, 3> kPixelModes{{
    {"gray", PixelMode::kGray},
    {"binary", PixelMode::kBinary},
    {"stochastic", PixelMode::kStochastic},
}};

// Returns the f32 input in [0, 1] for pixel `p`.
//   uniform  32 uniformly distributed random bits; used by kStochastic alone
constexpr float pixel_value(std::uint8_t p, PixelMode mode, std::uint32_t uniform) {
  switch (mode) {
    case PixelMode::kBinary:
      return p >= 128 ? 1.0F : 0.0F;
    case PixelMode::kStochastic:
      // uniform / 2^32 < p / 255 in whole numbers: p = 0 never gives 1, and p = 255 always does.
      return std::uint64_t{uniform} * 255 < std::uint64_t{p} << 32 ? 1.0F : 0.0F;
    case PixelMode::kGray:
      break;
  }
  return static_cast<float>(p) / 255.0F;
}

// Nats of the entropy of a gray pixel as a probability, p / 255.
constexpr double pixel_entropy(std::uint8_t pixel) {
  const double p = pixel / 255.0;
  return p > 0 && p < 1 ? -(p * fixed::log(p) + (1 - p) * fixed::log(1 - p)) : 0;
}

}  // namespace picovae::tools
