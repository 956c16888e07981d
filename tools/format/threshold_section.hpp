// What normal images score, as the section of a blob (engine thresholds.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/thresholds.hpp"

namespace picovae::tools {

// Per mille: both tails, since an image may also be too simple, and denser where thresholds are.
inline constexpr std::array<std::uint16_t, 15> kThresholdLevels = {
    1, 10, 50, 100, 250, 500, 750, 900, 950, 980, 990, 995, 998, 999, 1000};

// The section.
//   figures  for each figure those of the images, ascending; at least one image
std::vector<std::byte> threshold_section(
    const std::array<std::vector<std::uint32_t>, kFigureCount>& figures);

// The section of a blob that open_blob accepted, unchanged; empty if it has none.
std::vector<std::byte> threshold_section(const BlobView& view);

}  // namespace picovae::tools
