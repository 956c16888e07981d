// Bytes of a heap of their own: AddressSanitizer sees whatever is read or written behind them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include "picovae/arena.hpp"

namespace picovae::tests {

// They start `offset` bytes behind a multiple of 64, and are 0xa5 until somebody writes them.
class HeapBytes {
 public:
  explicit HeapBytes(std::size_t size, std::size_t offset = 0)
      : memory_(static_cast<std::byte*>(::operator new(offset + size, kAlignment))),
        offset_(offset),
        size_(size) {
    std::fill_n(data(), size, kUntouched);
  }

  std::byte* data() const { return memory_.get() + offset_; }
  std::span<std::byte> bytes() const { return {data(), size_}; }
  bool is_aligned() const { return offset_ % kArenaAlignment == 0; }
  bool is_untouched() const {
    return std::all_of(data(), data() + size_, [](std::byte b) { return b == kUntouched; });
  }

  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(data());
  }

 private:
  static constexpr std::align_val_t kAlignment{kArenaAlignment};
  static constexpr std::byte kUntouched{0xa5};

  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t offset_, size_;
};

}  // namespace picovae::tests
