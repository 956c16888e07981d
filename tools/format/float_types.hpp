// The floating-point types of safetensors files, as bytes and as f32.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tools/base/names.hpp"

namespace picovae::tools {

enum class FloatType { kF32, kF16, kBf16, kF64 };

// As a header names them.
inline constexpr std::array<Named<FloatType>, 4> kFloatTypes = {{{"F32", FloatType::kF32},
                                                                 {"F16", FloatType::kF16},
                                                                 {"BF16", FloatType::kBf16},
                                                                 {"F64", FloatType::kF64}}};

// None if the name is of another type.
std::optional<FloatType> float_type_of(std::string_view name);

// Bytes of a value.
std::size_t width_of(FloatType type);

// Values of little-endian `bytes`, a multiple of the width: F32, F16 and BF16 exactly, F64 rounded
// to nearest. What is not finite, or too large for an f32, comes out as not finite.
std::vector<float> decode_floats(std::span<const std::byte> bytes, FloatType type);

}  // namespace picovae::tools
