// The bounds of weights for inputs above 127: exactly those at which no kernel's 16-bit sums
// overflow.
#include "picovae/ranges.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "tests/engine/fitted_weights.hpp"
#include "tests/engine/random_models.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

// Whether kernels compute four inputs as they should, for all inputs at either end of their range.
//   inputs  of the four that are the layer's; the others are bytes of any value
bool kernels_agree(const std::int32_t (&w)[4], std::int32_t greatest, std::size_t inputs) {
  for (unsigned ends = 0; ends < 16; ++ends) {
    std::int32_t x[4];
    for (std::size_t i = 0; i < 4; ++i) {
      x[i] = (ends >> i & 1) == 0 ? 0 : i < inputs ? greatest : 255;
    }
    for (std::size_t i = 0; i < 4; i += 2) {  // VPMADDUBSW, which saturates
      const std::int32_t sum = w[i] * x[i] + w[i + 1] * x[i + 1];
      if (sum != std::clamp(sum, -32768, 32767)) return false;
    }
    for (std::size_t i = 0; i < 2; ++i) {  // the multiply of plain.hpp
      const auto a = static_cast<std::uint32_t>(w[i] + 128);
      const auto b = static_cast<std::uint32_t>(w[i + 2] + 128);
      const auto xa = static_cast<std::uint32_t>(x[i]), xb = static_cast<std::uint32_t>(x[i + 2]);
      const std::uint32_t product = (a + (b << 16)) * (xb + (xa << 16));
      if (product >> 16 != a * xa + b * xb) return false;
    }
    for (std::size_t i = 0; i < 4; ++i) {  // NEON adds products of x - 128 in s16, of any two
      for (std::size_t j = 0; j < i; ++j) {
        if (std::abs(w[i] * (x[i] - 128) + w[j] * (x[j] - 128)) > 32767) return false;
      }
    }
  }
  return true;
}

TEST_CASE("weights hold the bounds if and only if kernels agree") {
  Dice dice(5);
  int held = 0, refused = 0;
  const auto check = [&](const std::int32_t(&w)[4], std::int32_t greatest, std::size_t inputs) {
    const bool agree = kernels_agree(w, greatest, inputs);
    ++(agree ? held : refused);
    if (GroupBounds(greatest, inputs).hold(w) == agree) return;
    CAPTURE(greatest);
    CAPTURE(inputs);
    CAPTURE(w[0]);
    CAPTURE(w[1]);
    CAPTURE(w[2]);
    CAPTURE(w[3]);
    FAIL("the bounds and the kernels differ");
  };
  for (std::int32_t greatest = 128; greatest <= 255; ++greatest) {
    for (std::size_t inputs = 1; inputs <= 4; ++inputs) {
      for (int i = 0; i < 200; ++i) {
        std::int32_t w[4] = {};
        for (std::size_t k = 0; k < inputs; ++k) w[k] = dice.between(-127, 127);
        check(w, greatest, inputs);
        fit_group(w, GroupBounds(greatest, inputs), 1);  // to the bounds, then a step beyond
        check(w, greatest, inputs);
        std::int32_t& one = w[static_cast<std::size_t>(dice.between(0, 3)) % inputs];
        const std::int32_t before = one;
        for (const int step : {1, -1}) {
          one = std::clamp(before + step, -127, 127);
          check(w, greatest, inputs);
        }
      }
    }
  }
  CHECK(held > 10000);
  CHECK(refused > 10000);
}

TEST_CASE("the bounds of 170, and a weight of -128") {
  const GroupBounds bounds(170, 4);
  CHECK(bounds.neighbors() == 192);
  CHECK(bounds.apart(0) == 129);
  CHECK(bounds.apart(1) == 129);
  CHECK(GroupBounds(170, 3).apart(0) == 129);
  CHECK(GroupBounds(170, 3).apart(1) == 65);  // beside a byte of any value
  CHECK(GroupBounds(170, 2).apart(0) == 65);
  CHECK(bounds.hold({100, 92, 29, -128 + 1}));
  CHECK_FALSE(bounds.hold({100, 93, 29, 0}));
  CHECK_FALSE(bounds.hold({100, 92, 30, 0}));
  CHECK_FALSE(bounds.hold({0, -100, 0, -128}));
}

TEST_CASE("a shifted bias makes up for shifted inputs, whatever wraps") {
  Dice dice(6);
  for (int i = 0; i < 1000; ++i) {
    const std::int32_t w = dice.between(-127, 127), x = dice.between(0, 255);
    const std::int32_t bias = dice.between(INT32_MIN, INT32_MAX);
    const auto multiplier = static_cast<std::uint32_t>(dice.between(1, 1023));
    const auto scaled = [&](std::int32_t sum, std::int32_t b) {
      return static_cast<std::uint32_t>(sum) * multiplier + static_cast<std::uint32_t>(b);
    };
    const std::int32_t shifted = shifted_bias(bias, w, multiplier);
    CHECK(scaled(w * (x - kInputShift), shifted) == scaled(w * x, bias));
    CHECK(shifted_bias(shifted, -w, multiplier) == bias);
  }
}

}  // namespace
