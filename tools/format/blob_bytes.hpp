// Bytes of a blob in memory, aligned as the engine wants them.
#pragma once

#include <cstddef>
#include <span>

#include "picovae/blob.hpp"
#include "tools/base/aligned.hpp"

namespace picovae::tools {

class BlobBytes {
 public:
  BlobBytes() = default;
  explicit BlobBytes(std::size_t size) : bytes_(size) {}
  explicit BlobBytes(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}

  std::span<std::byte> bytes() { return bytes_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  // Of a blob that was checked.
  const BlobHeader& header() const { return *reinterpret_cast<const BlobHeader*>(bytes_.data()); }

 private:
  AlignedVector<std::byte> bytes_;
};

}  // namespace picovae::tools
