// From the u8 pixels of a file to the f32 inputs of a model.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace picovae::tools {

enum class PixelMode {
  kGray,        // p / 255
  kBinary,      // 1 where p / 255 is above one half
  kStochastic,  // 1 with probability p / 255, drawn anew at each use
};

struct PixelModeName {
  std::string_view name;
  PixelMode mode;
};

inline constexpr std::array<PixelModeName, 3> kPixelModes{{
    {"gray", PixelMode::kGray},
    {"binary", PixelMode::kBinary},
    {"stochastic", PixelMode::kStochastic},
}};

constexpr std::string_view pixel_mode_name(PixelMode mode) {
  for (const auto& known : kPixelModes) {
    if (known.mode == mode) return known.name;
  }
  return "unknown";
}

// Returns the f32 input in [0, 1] for pixel `p`.
//   uniform  32 uniformly distributed random bits; only kStochastic looks at them
constexpr float pixel_value(std::uint8_t p, PixelMode mode, std::uint32_t uniform) {
  switch (mode) {
    case PixelMode::kBinary:
      return p >= 128 ? 1.0F : 0.0F;
    case PixelMode::kStochastic:
      // uniform / 2^32 < p / 255 in whole numbers: 0 is never drawn as ink and 255 always is.
      return std::uint64_t{uniform} * 255 < std::uint64_t{p} << 32 ? 1.0F : 0.0F;
    case PixelMode::kGray:
      break;
  }
  return static_cast<float>(p) / 255.0F;
}

}  // namespace picovae::tools
