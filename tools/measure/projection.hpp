// Codes as points of a plane.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/measure/codes.hpp"

namespace picovae::tools {

using PlanePoint = std::array<double, 2>;

// Projects mu of each code on the two directions that tell labels apart best: those with the
// largest variance between labels against the variance within them (Fisher's linear discriminants).
// Each axis is scaled to variance 1 within labels. Only active latents count; fails where fewer
// than two are.
//   labels  [codes.count], at least one
std::vector<PlanePoint> project_codes(const Codes& codes, std::span<const std::uint8_t> labels);

// The active latents, the most active one first.
std::vector<std::size_t> active_latents(const Codes& codes);

}  // namespace picovae::tools
