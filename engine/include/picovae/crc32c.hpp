// CRC-32C (Castagnoli, reflected 0x82f63b78), as in iSCSI (RFC 3720): check value of "123456789" is
// 0xe3069283.
//
// A board's build (PICOVAE_ONLY_LAYOUT) takes half a byte a step, from a table of 16 words: there,
// flash costs more than time. A host takes eight bytes a step, from 8 KiB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "picovae/standard.hpp"

namespace picovae {

namespace detail {

// The CRC of a number of `bits` bits. In here CRCs are without the inversions at either end.
constexpr std::uint32_t crc_of_number(std::uint32_t number, int bits) {
  for (int bit = 0; bit < bits; ++bit) {
    number = (number >> 1) ^ (number & 1 ? 0x82f63b78u : 0u);
  }
  return number;
}

// Whatever crc32c() takes, the tests hold both forms to the definition.
inline constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < 16; ++i) table[i] = crc_of_number(i, 4);
  return table;
}();

constexpr std::uint32_t crc_by_halves(std::uint32_t crc, span<const std::byte> bytes) {
  for (const std::byte b : bytes) {
    crc ^= static_cast<std::uint32_t>(b);
    crc = (crc >> 4) ^ kCrcTable[crc & 15];
    crc = (crc >> 4) ^ kCrcTable[crc & 15];
  }
  return crc;
}

inline constexpr std::size_t kCrcSlices = 8;

// [s][b]: that of byte b followed by s zero bytes.
inline constexpr auto kCrcTables = [] {
  std::array<std::array<std::uint32_t, 256>, kCrcSlices> tables{};
  for (std::uint32_t b = 0; b < 256; ++b) tables[0][b] = crc_of_number(b, 8);
  for (std::size_t s = 1; s < kCrcSlices; ++s) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t shorter = tables[s - 1][b];
      tables[s][b] = (shorter >> 8) ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}();

constexpr std::uint32_t crc_by_slices(std::uint32_t crc, span<const std::byte> bytes) {
  while (bytes.size() >= kCrcSlices) {
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < kCrcSlices; ++k) {
      const std::uint32_t before = k < 4 ? crc >> (8 * k) & 0xff : 0;
      next ^= kCrcTables[kCrcSlices - 1 - k][std::to_integer<std::uint32_t>(bytes[k]) ^ before];
    }
    crc = next;
    bytes = bytes.subspan(kCrcSlices);
  }
  for (const std::byte b : bytes) {
    crc = (crc >> 8) ^ kCrcTables[0][(crc ^ std::to_integer<std::uint32_t>(b)) & 0xff];
  }
  return crc;
}

}  // namespace detail

// The CRC of what came before, followed by `bytes`; start with 0. Not inlined: one copy in flash.
[[gnu::noinline]] inline std::uint32_t crc32c(span<const std::byte> bytes, std::uint32_t crc = 0) {
#if defined(PICOVAE_ONLY_LAYOUT)
  return ~detail::crc_by_halves(~crc, bytes);
#else
  return ~detail::crc_by_slices(~crc, bytes);
#endif
}

}  // namespace picovae
