// What every target makes of the model that ships, engine/models/mnist_s8.pvae.
#pragma once

#include <cstdint>

namespace picovae {

// CRC-32C of the scores of the first digits of seed 1.
inline constexpr std::uint32_t kScoredDigits = 100;
inline constexpr std::uint32_t kScoreCrc = 0x9466aeac;

}  // namespace picovae
