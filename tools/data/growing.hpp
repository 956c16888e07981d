// Memory for what a file promises to hold. It is taken at once if the file is large enough to keep
// the promise, so that nothing is held twice; else it grows with what comes, so that a header that
// promises too much costs nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <system_error>
#include <vector>

#include "tools/base/memory.hpp"

namespace picovae::tools {

inline constexpr std::size_t kUnknownSize = std::numeric_limits<std::size_t>::max();

// How many bytes a file can unpack to at most, if deflate packed it (zlib's technical details have
// the ratio) or nothing did; kUnknownSize of a pipe.
inline std::size_t most_unpacked(const std::filesystem::path& path) {
  constexpr std::size_t kMostRatio = 1032;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error || size > kUnknownSize / kMostRatio ? kUnknownSize : size * kMostRatio;
}

// Reads `size` bytes, or fewer if read(to, count) returns fewer than `count`: the end.
//   file  to read from: for messages, and for its size
template <typename Read>
std::vector<std::uint8_t> read_growing(std::size_t size, const std::filesystem::path& file,
                                       const Read& read) {
  constexpr std::size_t kChunk = std::size_t{1} << 16;
  std::vector<std::uint8_t> values;
  const std::size_t most = most_unpacked(file);
  if (most != kUnknownSize) reserve_for(values, std::min(size, most), file.string());
  while (values.size() < size) {
    const std::size_t old_size = values.size();
    // Zeros are written before what is read: not far ahead of it.
    const std::size_t room = values.capacity() - old_size;
    const std::size_t step = std::max(old_size, kChunk);
    const std::size_t count = std::min({size - old_size, step, room != 0 ? room : step});
    values.resize(old_size + count);
    const std::size_t found = read(values.data() + old_size, count);
    if (found != count) {
      values.resize(old_size + found);
      break;
    }
  }
  return values;
}

}  // namespace picovae::tools
