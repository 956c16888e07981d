// A model's file in memory, for programs without the tools.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <vector>

#include "picovae/blob.hpp"

// Aligned as blobs are. Empty if it cannot be read.
class ModelFile {
 public:
  explicit ModelFile(const char* path) {
    std::FILE* file = std::fopen(path, "rb");
    if (file == nullptr) return;
    blocks_.resize(kCapacity / picovae::kBlobAlignment);
    size_ = std::fread(blocks_.data(), 1, kCapacity, file);
    std::fclose(file);
  }
  std::span<const std::byte> all() const { return std::as_bytes(std::span(blocks_)).first(size_); }

 private:
  struct alignas(picovae::kBlobAlignment) Block {
    std::byte bytes[picovae::kBlobAlignment];
  };
  static constexpr std::size_t kCapacity = std::size_t{1} << 24;
  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};
