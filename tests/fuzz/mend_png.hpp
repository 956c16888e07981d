// The CRCs of a PNG's chunks, which keep changed bytes from whatever reads a chunk.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace picovae::tests {

// Mends those of all chunks that are whole.
inline void mend_png(std::span<std::uint8_t> file) {
  constexpr std::size_t kSignature = 8, kWord = 4;  // of a chunk: length, type, content, CRC
  const auto word_at = [&](std::size_t at) {
    std::size_t word = 0;
    for (std::size_t i = 0; i < kWord; ++i) word = word << 8 | file[at + i];
    return word;
  };
  for (std::size_t at = kSignature; at + 3 * kWord <= file.size();) {
    const std::size_t length = word_at(at);
    if (length > file.size() - at - 3 * kWord) return;
    const std::size_t end = at + 2 * kWord + length;
    const auto crc = crc32(0, file.data() + at + kWord, static_cast<uInt>(kWord + length));
    for (std::size_t i = 0; i < kWord; ++i) {
      file[end + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
    }
    at = end + kWord;
  }
}

}  // namespace picovae::tests
