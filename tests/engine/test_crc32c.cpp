#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "picovae/crc32c.hpp"

using picovae::crc32c;
using picovae::detail::crc_by_halves;
using picovae::detail::crc_by_slices;

namespace {

std::uint32_t crc_of(const std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

std::uint32_t crc_of(const std::vector<std::uint8_t>& bytes) {
  return crc32c(std::as_bytes(std::span(bytes)));
}

// One bit at a time, as the polynomial says.
std::uint32_t crc_by_bits(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool top = ((crc ^ (byte >> bit)) & 1) != 0;
      crc = (crc >> 1) ^ (top ? 0x82f63b78u : 0u);
    }
  }
  return ~crc;
}

}  // namespace

TEST_CASE("check values of CRC-32C") {
  CHECK(crc_of("123456789") == 0xe3069283);
  CHECK(crc_of("") == 0);
}

TEST_CASE("the vectors of RFC 3720, appendix B.4") {
  std::vector<std::uint8_t> bytes(32, 0x00);
  CHECK(crc_of(bytes) == 0x8a9136aa);
  bytes.assign(32, 0xff);
  CHECK(crc_of(bytes) == 0x62a8ab43);
  for (std::uint8_t i = 0; i < 32; ++i) bytes[i] = i;
  CHECK(crc_of(bytes) == 0x46dd794e);
  for (std::uint8_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::uint8_t>(31 - i);
  CHECK(crc_of(bytes) == 0x113fdb5c);
  const std::vector<std::uint8_t> read_pdu = {
      0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
      0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
  CHECK(crc_of(read_pdu) == 0xd9963a56);
}

TEST_CASE("every length agrees with the definition, whole and in two parts") {
  std::array<std::uint8_t, 70> bytes{};
  std::uint32_t word = 1;
  for (auto& byte : bytes) {
    word = word * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(word >> 24);
  }
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    CAPTURE(length);
    const auto whole = std::span(bytes).first(length);
    const std::uint32_t expected = crc_by_bits(whole);
    CHECK(crc32c(std::as_bytes(whole)) == expected);
    CHECK(~crc_by_halves(~0u, std::as_bytes(whole)) == expected);
    CHECK(~crc_by_slices(~0u, std::as_bytes(whole)) == expected);
    for (std::size_t cut = 0; cut <= length; ++cut) {
      const std::uint32_t first = crc32c(std::as_bytes(whole.first(cut)));
      REQUIRE(crc32c(std::as_bytes(whole.subspan(cut)), first) == expected);
    }
  }
}
