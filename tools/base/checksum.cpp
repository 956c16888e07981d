#include "tools/base/checksum.hpp"

#include <array>

namespace picovae::tools {
namespace {

constexpr std::size_t kSlices = 8;

// [s][b]: the CRC of byte b followed by s zero bytes, without the inversions.
constexpr auto kTables = [] {
  std::array<std::array<std::uint32_t, 256>, kSlices> tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
    tables[0][b] = crc;
  }
  for (std::size_t s = 1; s < kSlices; ++s) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t shorter = tables[s - 1][b];
      tables[s][b] = (shorter >> 8) ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}();

}  // namespace

std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t crc) {
  crc = ~crc;
  while (bytes.size() >= kSlices) {
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < kSlices; ++k) {
      const std::uint32_t before = k < 4 ? crc >> (8 * k) & 0xff : 0;
      next ^= kTables[kSlices - 1 - k][std::to_integer<std::uint32_t>(bytes[k]) ^ before];
    }
    crc = next;
    bytes = bytes.subspan(kSlices);
  }
  for (const std::byte b : bytes) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ std::to_integer<std::uint32_t>(b)) & 0xff];
  }
  return ~crc;
}

}  // namespace picovae::tools
