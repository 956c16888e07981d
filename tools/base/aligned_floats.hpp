// Floats on cache lines of their own, as the kernels want them; zero at first, of fixed size.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace picovae::tools {

class AlignedFloats {
 public:
  static constexpr std::size_t kLine = 16;  // floats in a cache line

  AlignedFloats() = default;
  explicit AlignedFloats(std::size_t size) : lines_((size + kLine - 1) / kLine), size_(size) {}

  float* data() { return reinterpret_cast<float*>(lines_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(lines_.data()); }
  std::size_t size() const { return size_; }
  std::span<float> values() { return {data(), size_}; }

 private:
  struct alignas(kLine * sizeof(float)) Line {
    float values[kLine];
  };
  std::vector<Line> lines_;
  std::size_t size_ = 0;
};

}  // namespace picovae::tools
