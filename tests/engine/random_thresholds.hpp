// Sections of thresholds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "picovae/thresholds.hpp"
#include "tests/engine/random_models.hpp"

namespace picovae::tests {

// With these levels, per mille. Values rise by 0 to 999 from level to level.
inline std::vector<std::byte> random_threshold_section(const std::vector<std::uint16_t>& levels,
                                                       std::uint32_t seed) {
  Dice dice(seed);
  std::vector<std::byte> section(threshold_section_size(levels.size()));
  std::byte* end = section.data();
  const auto put = [&end](const auto& value) {
    std::memcpy(end, &value, sizeof(value));
    end += sizeof(value);
  };
  put(ThresholdHeader{static_cast<std::uint16_t>(levels.size()), 0, 1234});
  for (const std::uint16_t level : levels) put(level);
  if (levels.size() % 2 != 0) put(std::uint16_t{0});
  for (std::size_t figure = 0; figure < kFigureCount; ++figure) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      value += static_cast<std::uint32_t>(dice.between(0, 999));
      put(value);
    }
  }
  return section;
}

}  // namespace picovae::tests
