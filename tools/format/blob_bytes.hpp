// Bytes of a blob in memory, aligned as the engine wants them.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "picovae/blob.hpp"

namespace picovae::tools {

class BlobBytes {
 public:
  BlobBytes() = default;
  explicit BlobBytes(std::size_t size)
      : lines_((size + kBlobAlignment - 1) / kBlobAlignment), size_(size) {}
  explicit BlobBytes(std::span<const std::byte> bytes) : BlobBytes(bytes.size()) {
    if (!bytes.empty()) std::memcpy(lines_.data(), bytes.data(), bytes.size());
  }

  std::span<std::byte> bytes() { return {reinterpret_cast<std::byte*>(lines_.data()), size_}; }
  std::span<const std::byte> bytes() const {
    return {reinterpret_cast<const std::byte*>(lines_.data()), size_};
  }

  // Of a blob that was checked.
  const BlobHeader& header() const { return *reinterpret_cast<const BlobHeader*>(lines_.data()); }

 private:
  struct alignas(kBlobAlignment) Line {
    std::byte bytes[kBlobAlignment];
  };
  std::vector<Line> lines_;
  std::size_t size_ = 0;
};

}  // namespace picovae::tools
