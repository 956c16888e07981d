// Sizes and inputs for tests of kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace picovae::tests {

inline constexpr std::array<std::size_t, 12> kWidths = {1,  3,  15, 16,  17,  31,
                                                        32, 33, 50, 100, 300, 784};

class Random {
 public:
  explicit Random(unsigned seed) : bits_(seed) {}
  int between(int low, int high) { return std::uniform_int_distribution(low, high)(bits_); }
  float unit() { return std::uniform_real_distribution(-1.0f, 1.0f)(bits_); }
  std::uint32_t word() { return static_cast<std::uint32_t>(bits_()); }

 private:
  std::mt19937 bits_;
};

// Between and behind the inputs of f32 rows is NaN, which would spread from a single read.
inline std::vector<float> f32_input(std::size_t rows, std::size_t stride, std::size_t in,
                                    Random& random) {
  std::vector<float> x((rows - 1) * stride + in, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % stride < in) x[i] = random.unit();
  }
  return x;
}

}  // namespace picovae::tests
