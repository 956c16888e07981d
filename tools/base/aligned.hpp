// Arrays and matrices as the engine's kernels load them: rows start on cache lines.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "picovae/arena.hpp"
#include "picovae/shape.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {

// Elements of T in a cache line.
template <typename T>
inline constexpr std::size_t kPerLine = kArenaAlignment / sizeof(T);

template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{kArenaAlignment};

  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}

  T* allocate(std::size_t count) {
    void* const memory = ::operator new(count * sizeof(T), kAlignment, std::nothrow);
    if (memory == nullptr) {
      fail("there is no memory for {} bytes more; fewer images or a smaller --batch take less",
           count * sizeof(T));
    }
    return static_cast<T*>(memory);
  }
  void deallocate(T* values, std::size_t) { ::operator delete(values, kAlignment); }
  bool operator==(const LineAllocator&) const = default;
};

// A vector that starts on a cache line. Its size includes any padding.
template <typename T>
using AlignedVector = std::vector<T, LineAllocator<T>>;
using AlignedFloats = AlignedVector<float>;

// A matrix whose rows start on cache lines. All elements are zero at first, padding too.
template <typename T>
class AlignedRows {
 public:
  AlignedRows() = default;
  AlignedRows(std::size_t rows, std::size_t width)
      : rows_(rows),
        width_(width),
        stride_(round_up(width, kPerLine<T>)),
        values_(rows * stride_) {}

  std::size_t rows() const { return rows_; }
  std::size_t width() const { return width_; }
  std::size_t stride() const { return stride_; }  // elements between rows
  T* row(std::size_t i) { return values_.data() + i * stride_; }
  const T* row(std::size_t i) const { return values_.data() + i * stride_; }

 private:
  std::size_t rows_ = 0, width_ = 0, stride_ = 0;
  AlignedVector<T> values_;
};

}  // namespace picovae::tools
