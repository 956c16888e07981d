// CRC-32C of much data: the engine's (picovae/crc32c.hpp), with a table for hosts that takes eight
// bytes a step ("slicing-by-8", Kounavis and Berry 2005).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace picovae::tools {

// The CRC of what came before followed by `bytes`; start with 0.
std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t crc = 0);

}  // namespace picovae::tools
