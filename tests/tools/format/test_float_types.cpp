#include "tools/format/float_types.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

namespace {

using namespace picovae::tools;

float decoded(FloatType type, std::initializer_list<std::uint8_t> bytes) {
  std::vector<std::byte> value;
  for (const std::uint8_t byte : bytes) value.push_back(static_cast<std::byte>(byte));
  REQUIRE(value.size() == width_of(type));
  return decode_floats(value, type).at(0);
}

}  // namespace

TEST_CASE("values of every type, little-endian") {
  CHECK(decoded(FloatType::kF32, {0, 0, 0xc0, 0x3f}) == 1.5F);
  CHECK(decoded(FloatType::kF16, {0, 0xbe}) == -1.5F);
  CHECK(decoded(FloatType::kF16, {1, 0}) == 0x1p-24F);
  CHECK(decoded(FloatType::kBf16, {0xc0, 0x3f}) == 1.5F);
  CHECK(decoded(FloatType::kF64, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}) == 1.5F);
  CHECK(decoded(FloatType::kF64, {1, 0, 0, 0x10, 0, 0, 0xf0, 0x3f}) == 1 + 0x1p-23F);
}

TEST_CASE("what is not finite stays so, and what is too large becomes so") {
  CHECK(!std::isfinite(decoded(FloatType::kF16, {0, 0x7c})));
  CHECK(!std::isfinite(decoded(FloatType::kBf16, {0x80, 0x7f})));
  CHECK(std::isnan(decoded(FloatType::kF64, {1, 0, 0, 0, 0, 0, 0xf0, 0x7f})));
  CHECK(decoded(FloatType::kF64, {0, 0, 0, 0, 0, 0, 0, 0xc8}) ==
        -std::numeric_limits<float>::infinity());  // -2^129
}

TEST_CASE("types by name") {
  CHECK(float_type_of("BF16") == FloatType::kBf16);
  CHECK(!float_type_of("I64"));
  CHECK(!float_type_of("f32"));
}
