#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>

#include "picovae/blob.hpp"
#include "picovae/crc32c.hpp"
#include "requantize.hpp"
#include "tests/engine/random_models.hpp"

using namespace picovae;

namespace {

constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();

// floor(v / 2^shift)
std::int64_t floor_shift(std::int64_t v, int shift) {
  const std::int64_t unit = std::int64_t{1} << shift;
  return v >= 0 ? v / unit : -((-v + unit - 1) / unit);
}

// The contract in 64 bits, where nothing wraps.
std::int64_t exact(std::int64_t sum, std::int64_t multiplier, std::int64_t bias, int pre,
                   int post) {
  const std::int64_t scaled = floor_shift(sum, pre) * multiplier + bias;
  return std::clamp<std::int64_t>(floor_shift(scaled, post), -32768, 32767);
}

bool stays_within_s32(std::int64_t sum, std::int64_t multiplier, std::int64_t bias, int pre) {
  const std::int64_t scaled = floor_shift(sum, pre) * multiplier + bias;
  return scaled >= kMin && scaled <= kMax;
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

}  // namespace

TEST_CASE("requantize is exact wherever a verified model can bring it") {
  tests::Dice dice(1);
  int wrong = 0;
  int saturated = 0;
  int compared = 0;
  while (compared < 1'000'000) {
    const std::int32_t sum = dice.between(kMin, kMax) >> dice.between(0, 31);
    const std::int32_t multiplier = dice.between(1, kMaxMultiplier);
    const std::int32_t bias = dice.between(kMin, kMax) >> dice.between(0, 31);
    const int pre = dice.between(0, kMaxPreShift);
    const int post = dice.between(0, kMaxPostShift);
    if (!stays_within_s32(sum, multiplier, bias, pre)) continue;
    ++compared;
    const std::int64_t expected = exact(sum, multiplier, bias, pre, post);
    if (expected == -32768 || expected == 32767) ++saturated;
    if (requantize(sum, static_cast<std::uint32_t>(multiplier), bias, pre, post) != expected)
      ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(saturated > 10'000);
  CHECK(compared - saturated > 10'000);
}

TEST_CASE("requantize at the corners of its range") {
  for (const std::int32_t sum : {kMin, kMin + 1, -257, -256, -1, 0, 1, 255, kMax - 1, kMax}) {
    for (const std::int32_t multiplier : {1, 2, 1023}) {
      for (const std::int32_t bias : {kMin, -1, 0, 1, 1 << 15, kMax}) {
        for (const int pre : {0, 1, kMaxPreShift}) {
          for (const int post : {0, 1, 16, kMaxPostShift}) {
            if (!stays_within_s32(sum, multiplier, bias, pre)) continue;
            CHECK(requantize(sum, static_cast<std::uint32_t>(multiplier), bias, pre, post) ==
                  exact(sum, multiplier, bias, pre, post));
          }
        }
      }
    }
  }
  // Half of the last unit in the bias rounds half up, on both sides of zero.
  CHECK(requantize(3, 1, 1 << 0, 0, 1) == 2);
  CHECK(requantize(-3, 1, 1 << 0, 0, 1) == -1);
  // What would overflow wraps: 2^22 * 1023 = 2^32 - 2^22.
  static_assert(requantize(1 << 22, 1023, 0, 0, 10) == -4096);
}

TEST_CASE("multiply_q15 rounds a product of two halves up") {
  int wrong = 0;
  for (std::int32_t a = -32767; a <= 32767; a += 97) {
    for (std::int32_t b = -32767; b <= 32767; b += 89) {
      const std::int64_t expected = floor_shift(std::int64_t{a} * b * 2 + (1 << 15), 16);
      if (multiply_q15(a, b) != expected) ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(multiply_q15(1 << 14, 1) == 1);
  CHECK(multiply_q15(-(1 << 14), 1) == 0);
}

TEST_CASE("the softplus tail is log(1 + exp(-a)) to 0.71 units of Q.8") {
  double worst = 0;
  for (std::int32_t a = 0; a <= kTailEnd; ++a) {
    const double real = 256 * std::log1p(std::exp(-a / 128.0));
    worst = std::max(worst, std::abs(softplus_tail(a) - real));
    if (a > 0) CHECK(softplus_tail(a) <= softplus_tail(a - 1));
  }
  CHECK(worst < 0.71);
  CHECK(softplus_tail(0) == 178);
  CHECK(softplus_tail(kTailEnd) == 0);
}

TEST_CASE("the sigmoid tail is 255 / (1 + exp(a)) to 0.75 units") {
  double worst = 0;
  for (std::int32_t a = 0; a <= kTailEnd; ++a) {
    worst = std::max(worst, std::abs(sigmoid_tail(a) - 255 / (1 + std::exp(a / 128.0))));
    if (a > 0) CHECK(sigmoid_tail(a) <= sigmoid_tail(a - 1));
  }
  CHECK(worst < 0.75);
  CHECK(sigmoid_tail(0) == 128);
  CHECK(sigmoid_tail(kTailEnd) == 0);
}

TEST_CASE("every value of the tails is part of the contract") {
  // CRCs from another program that follows FORMAT.md.
  std::array<std::uint8_t, kTailEnd + 1> softplus_bytes{}, sigmoid_bytes{};
  for (std::int32_t a = 0; a <= kTailEnd; ++a) {
    softplus_bytes[static_cast<std::size_t>(a)] = static_cast<std::uint8_t>(softplus_tail(a));
    sigmoid_bytes[static_cast<std::size_t>(a)] = static_cast<std::uint8_t>(sigmoid_tail(a));
  }
  CHECK(crc32c(std::as_bytes(std::span(softplus_bytes))) == 0x7f06374f);
  CHECK(crc32c(std::as_bytes(std::span(sigmoid_bytes))) == 0x603c9373);
}

TEST_CASE("every intermediate of the tails fits s16, as vector epilogues need it") {
  for (const auto& c : {kSoftplusTail, kSigmoidTail}) {
    for (std::int32_t a = 0; a <= kTailEnd; ++a) {
      const std::int32_t y = a << 5;
      REQUIRE(y <= 32767);
      std::int32_t h = c[3];
      for (std::size_t k = 3; k-- > 0;) {
        h = multiply_q15(h, y) + c[k];
        REQUIRE(h == saturate16(h));
        REQUIRE(h != -32768);
      }
    }
  }
}

TEST_CASE("pixels of all 65,536 logits") {
  double worst = 0;
  int previous = 0;
  int falls = 0;
  for (std::int32_t t = -32768; t <= 32767; ++t) {
    const int pixel = sigmoid_u8(t, sigmoid_tail);
    worst = std::max(worst, std::abs(pixel - 255 / (1 + std::exp(-t / 128.0))));
    if (pixel < previous) ++falls;
    previous = pixel;
  }
  CHECK(worst < 0.75);
  CHECK(falls == 0);
  CHECK(sigmoid_u8(-32768, sigmoid_tail) == 0);
  CHECK(sigmoid_u8(32767, sigmoid_tail) == 255);
  CHECK(sigmoid_u8(0, sigmoid_tail) == 127);
  CHECK(sigmoid_u8(-1, sigmoid_tail) == sigmoid_tail(1));
}

TEST_CASE("hidden units of all 65,536 pre-activations, for small and large rescales") {
  for (const std::int32_t rescale : {1, 16, 127, 500, 2000, 4321, 16384, 32767}) {
    CAPTURE(rescale);
    double worst = 0;
    int previous = 0;
    int falls = 0;
    int outside = 0;
    for (std::int32_t t = -32768; t <= 32767; ++t) {
      const int unit = softplus_u8(t, rescale, kMaxActivation, softplus_tail);
      const double real = softplus(t / 128.0) * 256 * rescale / 32768;
      worst = std::max(worst, std::abs(unit - std::min(real, 127.0)));
      if (unit < previous) ++falls;
      if (unit > kMaxActivation) ++outside;
      previous = unit;
    }
    // Half a unit of rounding, and the tail's error times the rescale. Above t = 16383 (128 in real
    // units) the value stands still, which shows where the rescale leaves room for it.
    const double clipped = (softplus(256) - 128) * 256 * rescale / 32768;
    const double room = 127 - 128.0 * 256 * rescale / 32768;
    CHECK(worst <= 0.5 + 0.71 * rescale / 32768 + std::max(0.0, std::min(clipped, room)) + 0.01);
    CHECK(falls == 0);
    CHECK(outside == 0);
    if (rescale >= 127) CHECK(previous == 127);
  }
}

TEST_CASE("an activation is a function of its tail alone: a table of it gives the same") {
  const auto flat = [](std::int32_t a) { return a == 0 ? 100 : 0; };
  CHECK(sigmoid_u8(0, flat) == 155);
  CHECK(sigmoid_u8(5, flat) == 255);
  CHECK(sigmoid_u8(-5, flat) == 0);
  CHECK(softplus_u8(0, 1 << 14, 127, flat) == 50);
  CHECK(softplus_u8(-7, 1 << 14, 127, flat) == 0);
  CHECK(softplus_u8(7, 1 << 14, 127, flat) == 7);
  CHECK(softplus_u8(127, 1 << 14, 127, flat) == 127);
  CHECK(softplus_u8(200, 1 << 14, 127, flat) == 127);
  CHECK(softplus_u8(200, 1 << 14, 201, flat) == 200);
  CHECK(softplus_u8(300, 1 << 14, 255, flat) == 255);
  CHECK(tail_argument(-32768) == kTailEnd);
  CHECK(tail_argument(-1022) == 1022);
}
