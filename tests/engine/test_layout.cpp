#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/layout.hpp"

using namespace picovae;

namespace {

struct Kind {
  Layout layout;
  Type type;
};

constexpr Kind kKinds[] = {{Layout::kHost, Type::kF32},
                           {Layout::kHost, Type::kS8},
                           {Layout::kCortexM, Type::kS8},
                           {Layout::kMve, Type::kS8}};

std::size_t padded_in(const Kind& kind, std::size_t in) {
  return round_up(in, kind.layout == Layout::kMve ? 16 : kind.type == Type::kS8 ? 4 : 1);
}

std::size_t padded_out(const Kind& kind, std::size_t out) {
  return round_up(out, kind.layout == Layout::kHost ? 16 : 8);
}

// How many of the packed weights are hit by no position, padding included, or by more than one.
std::size_t misses(const Kind& kind, std::size_t in, std::size_t out) {
  const std::size_t size = packed_size(kind.layout, kind.type, in, out);
  std::vector<int> hits(size);
  std::size_t wrong = 0;
  for (std::size_t output = 0; output < padded_out(kind, out); ++output) {
    for (std::size_t input = 0; input < padded_in(kind, in); ++input) {
      const std::size_t index = packed_index(kind.layout, kind.type, in, out, output, input);
      if (index >= size) {
        ++wrong;
      } else {
        ++hits[index];
      }
    }
  }
  for (const int count : hits) wrong += count == 1 ? 0 : 1;
  return wrong;
}

}  // namespace

TEST_CASE("every weight and every padding has a place of its own, and none is left over") {
  for (const Kind& kind : kKinds) {
    CAPTURE(static_cast<int>(kind.layout));
    CAPTURE(static_cast<int>(kind.type));
    for (std::size_t in = 1; in <= 13; ++in) {
      for (std::size_t out = 1; out <= 100; ++out) {
        CAPTURE(in);
        CAPTURE(out);
        REQUIRE(misses(kind, in, out) == 0);
        REQUIRE(packed_size(kind.layout, kind.type, in, out) ==
                padded_in(kind, in) * padded_out(kind, out));
      }
    }
    for (const LayerSize& size : layer_sizes(MnistShape::kDimensions)) {
      CAPTURE(size.in);
      CAPTURE(size.out);
      CHECK(misses(kind, size.in, size.out) == 0);
    }
    CHECK(misses(kind, 1, kMaxWidth) == 0);
    CHECK(misses(kind, kMaxWidth, 1) == 0);
  }
}

TEST_CASE("host, f32: [panel][k][column], the last panel of 300 outputs 16 wide") {
  const auto index = [](std::size_t output, std::size_t input) {
    return packed_index(Layout::kHost, Type::kF32, 50, 300, output, input);
  };
  CHECK(index(0, 0) == 0);
  CHECK(index(1, 0) == 1);
  CHECK(index(31, 0) == 31);
  CHECK(index(0, 1) == 32);
  CHECK(index(32, 0) == 50 * 32);
  CHECK(index(287, 49) == 288 * 50 - 1);
  CHECK(index(288, 0) == 288 * 50);
  CHECK(index(288, 1) == 288 * 50 + 16);
  CHECK(index(299, 2) == 288 * 50 + 2 * 16 + 11);
}

TEST_CASE("host, s8: [panel][k / 4][column][k % 4]") {
  const auto index = [](std::size_t output, std::size_t input) {
    return packed_index(Layout::kHost, Type::kS8, 50, 300, output, input);  // 50 becomes 52
  };
  CHECK(index(0, 0) == 0);
  CHECK(index(0, 3) == 3);
  CHECK(index(1, 0) == 4);
  CHECK(index(0, 4) == 32 * 4);
  CHECK(index(32, 0) == 32 * 52);
  CHECK(index(288, 0) == 288 * 52);
  CHECK(index(289, 5) == 288 * 52 + (16 + 1) * 4 + 1);
}

TEST_CASE("cortex-m: inputs 0 and 2 of a pair of outputs, then 1 and 3; panels of 8") {
  const auto index = [](std::size_t output, std::size_t input) {
    return packed_index(Layout::kCortexM, Type::kS8, 6, 20, output, input);  // 6 becomes 8
  };
  // A word: inputs 0 and 2, each an even and an odd output.
  CHECK(index(0, 0) == 0);
  CHECK(index(1, 0) == 1);
  CHECK(index(0, 2) == 2);
  CHECK(index(1, 2) == 3);
  CHECK(index(2, 0) == 4);
  CHECK(index(7, 2) == 15);
  CHECK(index(0, 1) == 16);
  CHECK(index(1, 3) == 19);
  CHECK(index(0, 4) == 32);
  CHECK(index(8, 0) == 64);
  CHECK(index(19, 5) == 128 + 32 + 16 + 4 + 1);
}

TEST_CASE("cortex-m stores even outputs plus 128, mve layers with high_input") {
  const auto is_plus_128 = [](Layout layout, bool high_input, std::size_t output) {
    return layout == Layout::kCortexM ? output % 2 == 0 : layout == Layout::kMve && high_input;
  };
  for (int weight = -128; weight <= 127; ++weight) {
    const auto w = static_cast<std::int8_t>(weight);
    for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
      for (const bool high : {false, true}) {
        for (const std::size_t output : {0u, 1u, 6u, 7u, 8u}) {
          const std::int8_t stored = stored_weight(layout, high, output, w);
          if (is_plus_128(layout, high, output)) {
            CHECK(static_cast<std::uint8_t>(stored) == weight + 128);
          } else {
            CHECK(stored == w);
          }
          CHECK(logical_weight(layout, high, output, stored) == w);
        }
      }
    }
  }
}

TEST_CASE("packing puts every weight at its index and weights of zero everywhere else") {
  constexpr std::size_t kIn = 6, kOut = 11;
  std::int8_t weight[kOut * kIn];
  for (std::size_t i = 0; i < kOut * kIn; ++i) weight[i] = static_cast<std::int8_t>(i + 1);
  for (const Kind& kind : kKinds) {
    if (kind.type != Type::kS8) continue;
    CAPTURE(static_cast<int>(kind.layout));
    for (const bool high : {false, true}) {
      const std::size_t size = packed_size(kind.layout, kind.type, kIn, kOut);
      std::vector<std::int8_t> packed(size + 256, 99);
      pack_weights(kind.layout, kind.type, high, kIn, kOut, weight, packed.data());
      CHECK(std::count(packed.begin(), packed.end(), 99) == 256);
      CHECK(packed[size] == 99);
      for (std::size_t output = 0; output < padded_out(kind, kOut); ++output) {
        for (std::size_t input = 0; input < padded_in(kind, kIn); ++input) {
          const bool inside = output < kOut && input < kIn;
          const std::size_t index = packed_index(kind.layout, kind.type, kIn, kOut, output, input);
          CHECK(logical_weight(kind.layout, high, output, packed[index]) ==
                (inside ? weight[output * kIn + input] : 0));
        }
      }
    }
  }
}

TEST_CASE("mve: [panel of 8][k / 16][column][k % 16]") {
  const auto index = [](std::size_t output, std::size_t input) {
    return packed_index(Layout::kMve, Type::kS8, 20, 20, output, input);  // 20 inputs become 32
  };
  CHECK(index(0, 0) == 0);
  CHECK(index(0, 15) == 15);
  CHECK(index(1, 0) == 16);
  CHECK(index(7, 15) == 127);
  CHECK(index(0, 16) == 128);
  CHECK(index(8, 0) == 256);
  CHECK(index(19, 17) == 512 + 128 + 3 * 16 + 1);
}
