// IDX files for tests of what reads them.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <vector>

#include "tools/base/file.hpp"

namespace picovae::tests {

using Bytes = std::vector<std::uint8_t>;

inline void append_u32(Bytes& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

inline Bytes image_file(std::uint32_t count, std::uint32_t rows, std::uint32_t cols,
                        std::size_t values) {
  Bytes bytes;
  for (const std::uint32_t word : {std::uint32_t{0x803}, count, rows, cols}) {
    append_u32(bytes, word);
  }
  bytes.resize(bytes.size() + values);
  std::iota(bytes.begin() + 16, bytes.end(), std::uint8_t{1});
  return bytes;
}

inline Bytes label_file(std::uint32_t count, std::size_t values) {
  Bytes bytes;
  append_u32(bytes, 0x801);
  append_u32(bytes, count);
  bytes.resize(bytes.size() + values, 7);
  return bytes;
}

inline void save(const std::filesystem::path& path, const Bytes& bytes) {
  tools::write_file(path, std::as_bytes(std::span(bytes)));
}

inline void save_gz(const std::filesystem::path& path, const Bytes& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) ==
          static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

}  // namespace picovae::tests
