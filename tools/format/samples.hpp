// Values of many images, a row each; rows start on cache lines of their own, as the kernels want
// them.
#pragma once

#include <cstddef>
#include <vector>

#include "picovae/arena.hpp"
#include "picovae/shape.hpp"

namespace picovae::tools {

template <typename T>
class Samples {
 public:
  static constexpr std::size_t kLine = kArenaAlignment / sizeof(T);

  Samples() = default;
  Samples(std::size_t rows, std::size_t width)
      : rows_(rows),
        width_(width),
        stride_(round_up(width, kLine)),
        lines_(rows * stride_ / kLine) {}

  std::size_t rows() const { return rows_; }
  std::size_t width() const { return width_; }
  std::size_t stride() const { return stride_; }  // elements between rows; zero beyond the width
  T* row(std::size_t i) { return reinterpret_cast<T*>(lines_.data()) + i * stride_; }
  const T* row(std::size_t i) const {
    return reinterpret_cast<const T*>(lines_.data()) + i * stride_;
  }

 private:
  struct alignas(kArenaAlignment) Line {
    T values[kLine];
  };
  std::size_t rows_ = 0, width_ = 0, stride_ = 0;
  std::vector<Line> lines_;
};

}  // namespace picovae::tools
