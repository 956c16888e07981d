// CRC-32C (Castagnoli, reflected 0x82f63b78), as in iSCSI (RFC 3720): check value of "123456789" is
// 0xe3069283. A table of 16 words, half a byte a step: on a board, flash costs more than time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace picovae {

namespace detail {
inline constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < 16; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 4; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}();
}  // namespace detail

// The CRC of what came before, followed by `bytes`; start with 0. Not inlined: one copy in flash.
[[gnu::noinline]] inline std::uint32_t crc32c(std::span<const std::byte> bytes,
                                              std::uint32_t crc = 0) {
  crc = ~crc;
  for (const std::byte b : bytes) {
    crc ^= static_cast<std::uint32_t>(b);
    crc = (crc >> 4) ^ detail::kCrcTable[crc & 15];
    crc = (crc >> 4) ^ detail::kCrcTable[crc & 15];
  }
  return ~crc;
}

}  // namespace picovae
