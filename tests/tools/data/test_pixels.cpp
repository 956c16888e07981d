#include "tools/data/pixels.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace picovae::tools;

TEST_CASE("pixel modes") {
  CHECK(pixel_value(0, PixelMode::kGray, 0) == 0.0F);
  CHECK(pixel_value(51, PixelMode::kGray, 0) == 0.2F);
  CHECK(pixel_value(255, PixelMode::kGray, 0) == 1.0F);
  CHECK(pixel_value(127, PixelMode::kBinary, 0) == 0.0F);
  CHECK(pixel_value(128, PixelMode::kBinary, 0) == 1.0F);
  // The extremes of the uniform number never turn paper to ink or ink to paper.
  CHECK(pixel_value(0, PixelMode::kStochastic, 0) == 0.0F);
  CHECK(pixel_value(255, PixelMode::kStochastic, 0xffffffff) == 1.0F);
  CHECK(pixel_value(1, PixelMode::kStochastic, 0) == 1.0F);
  CHECK(pixel_value(254, PixelMode::kStochastic, 0xffffffff) == 0.0F);
  for (const unsigned p : {1U, 85U, 128U, 254U}) {
    unsigned ink = 0;
    constexpr unsigned kSteps = 255 * 16;
    for (std::uint64_t i = 0; i < kSteps; ++i) {
      const auto uniform = static_cast<std::uint32_t>(((2 * i + 1) << 31) / kSteps);
      ink += pixel_value(static_cast<std::uint8_t>(p), PixelMode::kStochastic, uniform) > 0 ? 1 : 0;
    }
    CHECK(ink == p * 16);
  }
}

TEST_CASE("pixel modes have names") {
  for (const auto& [name, mode] : kPixelModes) CHECK(name_of(kPixelModes, mode) == name);
}
