// Weights of 16 bits -> f32, exactly. For finite values, which weights are.
#pragma once

#include <bit>
#include <cstdint>

namespace picovae {

// IEEE 754 binary16.
constexpr float f16_to_f32(std::uint16_t half) {
  // Exponent and mantissa move to their places; the biases differ by 112, which a multiplication
  // corrects, for subnormal numbers as well.
  const auto magnitude = std::bit_cast<float>((half & 0x7fffu) << 13) * 0x1p112f;
  return (half & 0x8000u) != 0 ? -magnitude : magnitude;
}

// bfloat16: the upper half of an f32.
constexpr float bf16_to_f32(std::uint16_t half) {
  return std::bit_cast<float>(std::uint32_t{half} << 16);
}

}  // namespace picovae
