// The bytes of a fuzzer's input as choices, first come first served. Behind its end there are
// zeros, so that a short input is a whole one: choices of 0 are the simplest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>

namespace picovae::tests {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : next_(data), left_(size) {}

  bool is_over() const { return left_ == 0; }

  // Any value of a number's type.
  template <typename T>
  T any() {
    static_assert(std::is_arithmetic_v<T>);
    const std::size_t size = left_ < sizeof(T) ? left_ : sizeof(T);
    T value{};
    if (size != 0) std::memcpy(&value, next_, size);
    next_ += size;
    left_ -= size;
    return value;
  }

  // lowest .. highest.
  std::int32_t between(std::int32_t lowest, std::int32_t highest) {
    const std::uint64_t count = static_cast<std::uint64_t>(std::int64_t{highest} - lowest) + 1;
    const std::uint64_t word = count <= 256     ? any<std::uint8_t>()
                               : count <= 65536 ? any<std::uint16_t>()
                                                : any<std::uint32_t>();
    return static_cast<std::int32_t>(lowest + static_cast<std::int64_t>(word % count));
  }
  std::size_t size(std::size_t lowest, std::size_t highest) {
    return static_cast<std::size_t>(
        between(static_cast<std::int32_t>(lowest), static_cast<std::int32_t>(highest)));
  }
  bool flag() { return (any<std::uint8_t>() & 1) != 0; }

  // One of an array.
  template <typename T, std::size_t N>
  const T& of(const T (&array)[N]) {
    return array[size(0, N - 1)];
  }

  // A finite number: most are moderate, and one in five is at an end of what floats can be.
  float finite() {
    constexpr float kEnds[] = {0.0F,   -0.0F,         1e-45F,         -1e-45F,    1.1754944e-38F,
                               1e-30F, -1e-10F,       1e-5F,          1e4F,       -1e6F,
                               1e9F,   -1e12F,        1e19F,          -1.9e19F,   1e30F,
                               -1e38F, 3.4028235e38F, -3.4028235e38F, 2147483648, -32768.5F,
                               0.5F,   8388609,       16777216,       -1};
    const int choice = between(0, 255);
    if (choice == 0) return 0;
    if (choice < 208) return static_cast<float>(choice - 104) / 32;
    if (choice < 248) return kEnds[static_cast<std::size_t>(choice) % std::size(kEnds)];
    std::uint32_t bits = any<std::uint32_t>();
    constexpr std::uint32_t kExponent = 0x7f800000;
    if ((bits & kExponent) == kExponent) bits ^= 0x00800000;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

 private:
  const std::uint8_t* next_;
  std::size_t left_;
};

}  // namespace picovae::tests
