// Which pixels a model has, as the section of a blob (engine live.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/live.hpp"

namespace picovae::tools {

// The section for one end of a model.
//   mask         [pixels] 1 if live, or 0
//   dead_logits  of a decoder, of each dead pixel; of an encoder empty
std::vector<std::byte> live_section(const std::vector<std::uint8_t>& mask,
                                    const std::vector<std::int16_t>& dead_logits);

// The mask of a section that open_blob accepted; empty if all pixels are live.
std::vector<std::uint8_t> live_mask(LivePixels live);

// Runs that so many dead pixels can make at most, wherever they are.
std::size_t most_runs(std::size_t pixels, std::size_t dead);

}  // namespace picovae::tools
