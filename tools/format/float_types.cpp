#include "tools/format/float_types.hpp"

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

namespace picovae::tools {
namespace {

template <std::unsigned_integral Bits>
Bits little_endian(const std::byte* from) {
  Bits bits = 0;
  for (std::size_t k = 0; k < sizeof(Bits); ++k) {
    bits = static_cast<Bits>(bits | std::to_integer<Bits>(from[k]) << (8 * k));
  }
  return bits;
}

float from_f32(std::uint32_t bits) { return std::bit_cast<float>(bits); }

//   Half  Eigen::half or Eigen::bfloat16
template <typename Half>
float from_half(std::uint16_t bits) {
  return static_cast<float>(Eigen::numext::bit_cast<Half>(bits));
}

// Beyond the range of float a conversion is undefined behavior, not infinity.
float from_f64(std::uint64_t bits) {
  const auto value = std::bit_cast<double>(bits);
  if (std::abs(value) > double{std::numeric_limits<float>::max()}) {
    return std::copysign(std::numeric_limits<float>::infinity(), value < 0 ? -1.0F : 1.0F);
  }
  return static_cast<float>(value);
}

template <std::unsigned_integral Bits>
std::vector<float> decode(std::span<const std::byte> bytes, float (*convert)(Bits)) {
  std::vector<float> values(bytes.size() / sizeof(Bits));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = convert(little_endian<Bits>(bytes.data() + i * sizeof(Bits)));
  }
  return values;
}

}  // namespace

std::optional<FloatType> float_type_of(std::string_view name) { return named(kFloatTypes, name); }

std::size_t width_of(FloatType type) {
  if (type == FloatType::kF64) return 8;
  return type == FloatType::kF32 ? 4 : 2;
}

std::vector<float> decode_floats(std::span<const std::byte> bytes, FloatType type) {
  switch (type) {
    case FloatType::kF16:
      return decode<std::uint16_t>(bytes, from_half<Eigen::half>);
    case FloatType::kBf16:
      return decode<std::uint16_t>(bytes, from_half<Eigen::bfloat16>);
    case FloatType::kF64:
      return decode<std::uint64_t>(bytes, from_f64);
    case FloatType::kF32:
      break;
  }
  return decode<std::uint32_t>(bytes, from_f32);
}

}  // namespace picovae::tools
