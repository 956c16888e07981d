#include "tools/base/checksum.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "picovae/crc32c.hpp"

using namespace picovae;

TEST_CASE("the checksum is the engine's, of any length, from any start, in any parts") {
  std::vector<std::byte> bytes(100);
  std::uint32_t word = 1;
  for (std::byte& b : bytes)
    b = static_cast<std::byte>((word = word * 1664525u + 1013904223u) >> 24);
  const std::span<const std::byte> all(bytes);
  for (std::size_t first = 0; first < 9; ++first) {
    for (std::size_t size = 0; size <= 40; ++size) {
      const auto part = all.subspan(first, size);
      CHECK(tools::checksum(part) == crc32c(part));
    }
    CHECK(tools::checksum(all.subspan(first), tools::checksum(all.first(first))) == crc32c(all));
  }
  CHECK(tools::checksum(std::as_bytes(std::span("123456789", 9))) == 0xe3069283);
}
