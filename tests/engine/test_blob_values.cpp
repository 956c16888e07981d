// What is within sections: padding, scales, and sums that must not overflow.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>

#include "picovae/blob.hpp"
#include "picovae/s4.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tools/base/error.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

template <typename T>
using List = std::initializer_list<T>;

}  // namespace

TEST_CASE("padding within sections that is not zero") {
  // Inputs beyond the last are read, so their weights must not count: 7 inputs become 8, or 16.
  // 6 outputs become 8, or 16. Where 128 is added to weights, a zero is no padding either.
  for (const Layout layout : kLayouts) {
    const std::size_t last_input = layout == Layout::kMve ? 15 : 7;
    const std::size_t last_output = layout == Layout::kHost ? 15 : 7;
    using Position = std::pair<std::size_t, std::size_t>;
    for (const auto& [output, input] :
         {Position{0, 7}, {5, 7}, {5, last_input}, {6, 0}, {7, 6}, {last_output, last_input}}) {
      for (const tools::BlobBytes& blob : {s8_blob(kSmall, layout), high_blob(kSmall, layout)}) {
        for (const int bit : {1, -128}) {
          EditedBlob edited(blob);
          std::int8_t& weight = edited.weight(kEncoder1, output, input);
          weight = static_cast<std::int8_t>(weight ^ bit);
          CHECK(edited.seal().verify() == Status::kBadPadding);
        }
      }
    }
  }
  for (const std::size_t output : {std::size_t{6}, std::size_t{15}}) {
    EditedBlob bias(s8_blob());
    bias.contents<std::int32_t>(SectionKind::kBias, kEncoder1)[output] = 1;
    CHECK(bias.seal().verify() == Status::kBadPadding);
    EditedBlob multiplier(s8_blob());
    multiplier.contents<std::uint16_t>(SectionKind::kMultiplier, kEncoder1)[output] = 1;
    CHECK(multiplier.seal().verify() == Status::kBadPadding);
    EditedBlob rescale(s8_blob());
    rescale.contents<std::int16_t>(SectionKind::kRescale, kEncoder1)[output] = 1;
    CHECK(rescale.seal().verify() == Status::kBadPadding);
    EditedBlob f32(f32_blob());
    f32.contents<float>(SectionKind::kBias, kEncoder1)[output] = 1;
    CHECK(f32.seal().verify() == Status::kBadPadding);
  }
  EditedBlob f32(f32_blob());
  f32.contents<float>(SectionKind::kWeights, kEncoder1)[6] = 1;  // column 6 of 6
  CHECK(f32.seal().verify() == Status::kBadPadding);
}

TEST_CASE("weights of 4 bits: padding that is not zero, and scales that are") {
  constexpr std::size_t kIn = 6;  // of decoder.1, which has 7 outputs
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    const auto flipped = [&](std::size_t index) {
      EditedBlob edited(s4_blob(kSmall, layout));
      edited.contents<std::uint8_t>(SectionKind::kWeights4, kDecoder1)[index / 2] ^=
          static_cast<std::uint8_t>(1 << (index % 2 * 4));
      return edited.seal().verify();
    };
    CHECK(flipped(s4_index(layout, kIn, 6, 5)) == Status::kOk);
    CHECK(flipped(s4_index(layout, kIn, 0, 6)) == Status::kBadPadding);
    CHECK(flipped(s4_index(layout, kIn, 6, 7)) == Status::kBadPadding);
    CHECK(flipped(s4_index(layout, kIn, 7, 0)) == Status::kBadPadding);
    CHECK(flipped(s4_scale_index(layout, kIn, 7, 0)) == Status::kBadPadding);

    EditedBlob zero(s4_blob(kSmall, layout));
    auto* packed = zero.contents<std::uint8_t>(SectionKind::kWeights4, kDecoder1);
    const std::size_t scale = s4_scale_index(layout, kIn, 6, 0);
    packed[scale / 2] &= static_cast<std::uint8_t>(scale % 2 == 0 ? 0xf0 : 0x0f);
    CHECK(zero.seal().verify() == Status::kBadScale);
  }
}

TEST_CASE("sums of weights of 4 bits stay below 2^23, to the last unit of a scale") {
  constexpr std::size_t kIn = 640;
  tools::QuantizedNetwork network = random_s4_network({1, kIn, 1, 1}, 1);
  tools::QuantizedLayer& layer = network.layers[kDecoder2];
  layer.multiplier[0] = 1;
  layer.bias[0] = 0;
  std::fill(layer.weight.begin(), layer.weight.end(), std::int8_t{-120});
  std::fill(layer.scale.begin(), layer.scale.end(), std::uint8_t{15});
  // 120 * 550 * 127 = 8,382,000; the limit is 8,388,607.
  for (std::size_t i = 550; i < kIn; ++i) layer.weight[i] = 0;
  CHECK_NOTHROW(tools::pack_s8(network, Layout::kHost, kBothParts, {}));
  layer.weight[550] = -45;
  CHECK_NOTHROW(tools::pack_s8(network, Layout::kHost, kBothParts, {}));
  layer.weight[550] = -60;
  CHECK_THROWS(tools::pack_s8(network, Layout::kHost, kBothParts, {}));
}

TEST_CASE("multipliers and rescales outside of their range") {
  for (const Layout layout : kLayouts) {
    for (std::size_t layer = 0; layer < kLayerCount; ++layer) {
      const std::size_t last = layer_sizes(kSmall)[layer].out - 1u;
      for (const std::size_t output : {std::size_t{0}, last}) {
        CAPTURE(layer);
        CAPTURE(output);
        EditedBlob edited(s8_blob(kSmall, layout));
        auto& multiplier = edited.contents<std::uint16_t>(SectionKind::kMultiplier, layer)[output];
        for (const std::uint16_t legal : List<std::uint16_t>{1, 1023}) {
          multiplier = legal;
          CHECK(edited.seal().verify() == Status::kOk);
        }
        for (const std::uint16_t illegal : List<std::uint16_t>{0, 1024, 65535}) {
          multiplier = illegal;
          CHECK(edited.seal().open() == Status::kBadScale);
        }
        if (!is_hidden_layer(layer)) continue;
        multiplier = 1;
        auto& rescale = edited.contents<std::int16_t>(SectionKind::kRescale, layer)[output];
        for (const std::int16_t legal : List<std::int16_t>{1, 32767}) {
          rescale = legal;
          CHECK(edited.seal().verify() == Status::kOk);
        }
        for (const std::int16_t illegal : List<std::int16_t>{0, -1, -32767}) {
          rescale = illegal;
          CHECK(edited.seal().open() == Status::kBadScale);
        }
      }
    }
  }
}

TEST_CASE("sums of u8 layers stay below 2^23, to the last unit of a weight") {
  constexpr Dimensions kWide{700, 7, 6, 3};
  for (const Layout layout : kLayouts) {
    for (const std::size_t output : {std::size_t{0}, std::size_t{5}}) {
      for (const int sign : {1, -1}) {
        EditedBlob edited(s8_blob(kWide, layout));
        const auto set = [&](std::size_t input, int weight) {
          edited.weight(kEncoder0, output, input) =
              stored_weight(layout, false, output, static_cast<std::int8_t>(weight));
        };
        // (2^23 - 1) / 127 = 66,052.0: 520 weights of 127 and one of 12.
        for (std::size_t input = 0; input < 700; ++input) set(input, input < 520 ? sign * 127 : 0);
        set(600, -sign * 100);  // of the other sign, and no excuse
        edited.contents<std::int32_t>(SectionKind::kBias, kEncoder0)[output] = 0;
        edited.header().shifts[kEncoder0][0] = kMaxPreShift;
        set(699, sign * 12);
        CHECK(edited.seal().verify() == Status::kOk);
        set(699, sign * 13);
        CHECK(edited.seal().verify() == Status::kAccumulatorOverflow);
      }
    }
  }
}

TEST_CASE("scaled sums and biases stay within s32, to the last unit") {
  constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kLowest = std::numeric_limits<std::int32_t>::min();
  for (const Layout layout : kLayouts) {
    for (const std::size_t layer : {std::size_t{kEncoder0}, std::size_t{kDecoder0}}) {
      for (const std::size_t output : {std::size_t{2}, std::size_t{3}}) {
        auto network = tests::random_quantized_network(kSmall, 2);
        auto& plain = network.layers[layer];
        plain.pre_shift = 3;
        plain.multiplier[output] = 77;
        // By hand: inputs 0..127 for positive and negative weights apart, or +-8191.
        std::int64_t highest = 0;
        std::int64_t lowest = 0;
        for (std::size_t k = 0; k < plain.in; ++k) {
          const std::int64_t weight = plain.weight[output * plain.in + k];
          if (layer == kDecoder0) {
            highest += std::abs(weight) * 8191;
            lowest -= std::abs(weight) * 8191;
          } else {
            (weight > 0 ? highest : lowest) += weight * 127;
          }
        }
        EditedBlob edited(tools::pack_s8(network, layout, kBothParts, {}));
        auto& bias = edited.contents<std::int32_t>(SectionKind::kBias, layer)[output];
        const std::int64_t most = kHighest - (highest >> 3) * 77;
        const std::int64_t least = kLowest - (lowest >> 3) * 77;
        for (const std::int64_t legal : List<std::int64_t>{most, least, std::int64_t{0}}) {
          bias = static_cast<std::int32_t>(legal);
          CHECK(edited.seal().verify() == Status::kOk);
        }
        for (const std::int64_t illegal :
             List<std::int64_t>{most + 1, least - 1, kHighest, kLowest}) {
          bias = static_cast<std::int32_t>(illegal);
          CHECK(edited.seal().verify() == Status::kAccumulatorOverflow);
        }
      }
    }
  }
}

TEST_CASE("weights for inputs above 127 at their bounds, and a step beyond") {
  constexpr std::size_t kIn = 7;  // of encoder.1: a whole group and one of three
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    const auto with = [&](std::vector<std::int8_t> weights) {
      auto network = random_high_network(kSmall, 1, 170);
      tools::QuantizedLayer& layer = network.layers[kEncoder1];
      weights.resize(kIn);
      std::copy(weights.begin(), weights.end(), layer.weight.begin() + 2 * kIn);
      return tools::pack_s8(network, layout, kBothParts, {});
    };
    CHECK_NOTHROW(with({100, 92, 29, 37, 64, 65, 65}));
    CHECK_NOTHROW(with({-127, -65, -127, -65, -127, -65, -127}));
    CHECK_NOTHROW(with({127, -127, 2, 127, 64, -127, 65}));
    CHECK_THROWS(with({101, 92}));          // VPMADDUBSW, up
    CHECK_THROWS(with({-127, -66}));        // and down
    CHECK_THROWS(with({0, 0, -66, -127}));  // the other pair
    CHECK_THROWS(with({100, 0, 30}));       // M0's multiply
    CHECK_THROWS(with({0, 100, 0, 30}));
    CHECK_THROWS(with({0, 0, 0, 0, 0, 66}));  // beside a byte of any value
    CHECK_THROWS(with({-128}));
  }
}

TEST_CASE("golden inputs outside of their layer's range, which the proofs of sums do not cover") {
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    const auto narrow = [&](const tools::BlobBytes& blob, Layer layer, std::size_t at, int value) {
      EditedBlob edited(blob);
      edited.contents<std::uint8_t>(SectionKind::kGolden, layer)[at] =
          static_cast<std::uint8_t>(value);
      return edited.seal().verify();
    };
    const auto plain = full_blob(kSmall, layout);
    const std::size_t last = kSmall.hidden1 - 1;
    CHECK(narrow(plain, kEncoder1, last, 127) == Status::kOk);
    CHECK(narrow(plain, kEncoder1, last, 128) == Status::kBadGolden);
    CHECK(narrow(plain, kEncoder1, 0, 255) == Status::kBadGolden);
    CHECK(narrow(plain, kEncoder1, last + 1, 1) == Status::kBadPadding);
    CHECK(narrow(plain, kEncoder0, 0, 128) == Status::kBadGolden);
    const auto high = high_blob(kSmall, layout);  // to 170
    CHECK(narrow(high, kEncoder1, last, 170) == Status::kOk);
    CHECK(narrow(high, kEncoder1, last, 171) == Status::kBadGolden);
    CHECK(narrow(high, kEncoder0, 0, 128) == Status::kBadGolden);  // pixels are halved

    const auto wide = [&](std::size_t at, int value) {
      EditedBlob edited(plain);
      edited.contents<std::int16_t>(SectionKind::kGolden, kDecoder0)[at] =
          static_cast<std::int16_t>(value);
      return edited.seal().verify();
    };
    const std::size_t last_latent = kSmall.latent - 1;
    CHECK(wide(last_latent, 8191) == Status::kOk);
    CHECK(wide(0, -8191) == Status::kOk);
    CHECK(wide(last_latent, 8192) == Status::kBadGolden);
    CHECK(wide(0, -8192) == Status::kBadGolden);
    CHECK(wide(0, -32768) == Status::kBadGolden);
    CHECK(wide(last_latent + 1, -1) == Status::kBadPadding);
  }
}

TEST_CASE("a weight of -128 is one like others where inputs end at 127") {
  for (const Layout layout : kLayouts) {
    auto network = random_quantized_network(kSmall, 1);
    network.layers[kEncoder1].weight[3] = -128;
    const auto blob = tools::pack_s8(network, layout, kBothParts, {});
    CHECK(EditedBlob(blob).verify() == Status::kOk);
    BlobView view;
    REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
    CHECK(tools::unpack_s8(view, "model").layers[kEncoder1].weight[3] == -128);
  }
}

TEST_CASE("neighbors beyond their bounds, where inputs end at 170: weights of 8 bits and of 4") {
  const auto is_accepted = [](tools::QuantizedNetwork network, Layer index, Layout layout,
                              std::int8_t first, std::int8_t second) {
    tools::QuantizedLayer& layer = network.layers[index];
    const std::size_t row = (layer.out - 1) * layer.in;  // the last output's first group
    if (!layer.scale.empty()) layer.scale[(layer.out - 1) * s4_groups(layer.in)] = 15;
    std::fill_n(layer.weight.begin() + static_cast<std::ptrdiff_t>(row), layer.in, std::int8_t{0});
    layer.weight[row] = first;
    layer.weight[row + 1] = second;
    try {
      tools::pack_s8(network, layout, kBothParts, {});  // verifies what it packed
    } catch (const tools::Error&) {
      return false;
    }
    return true;
  };
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    const auto s8 = random_high_network(kSmall, 1);
    CHECK(is_accepted(s8, kEncoder1, layout, 100, 92));  // 32767 / 170 = 192.7
    CHECK_FALSE(is_accepted(s8, kEncoder1, layout, 100, 93));
    auto s4 = random_s4_network(kSmall, 1);
    make_high(s4, 170);
    CHECK(is_accepted(s4, kDecoder1, layout, 105, 75));
    CHECK_FALSE(is_accepted(s4, kDecoder1, layout, 105, 90));
    CHECK(is_accepted(s4, kDecoder1, layout, -105, -75));
    CHECK_FALSE(is_accepted(s4, kDecoder1, layout, -105, -90));
  }
}

TEST_CASE("biases for shifted inputs are those of the others") {
  EditedBlob host(high_blob());
  auto* bias = host.contents<std::int32_t>(SectionKind::kBias, kEncoder1);
  REQUIRE(host.section(SectionKind::kBias, kEncoder1).size == 2 * 16 * sizeof(std::int32_t));
  CHECK(bias[6] == 0);  // the layer has 6 outputs
  CHECK(bias[16 + 6] == 0);
  ++bias[16 + 5];
  CHECK(host.seal().verify() == Status::kBadScale);
  --bias[16 + 5];
  CHECK(host.seal().verify() == Status::kOk);
  bias[16 + 6] = 1;
  CHECK(host.seal().verify() == Status::kBadPadding);

  const auto network = random_high_network(kSmall, 1);
  const tools::QuantizedLayer& layer = network.layers[kEncoder1];
  for (std::size_t j = 0; j < layer.out; ++j) {
    std::int64_t more = 0;
    for (std::size_t k = 0; k < layer.in; ++k) more += layer.weight[j * layer.in + k];
    more *= 128 * layer.multiplier[j];
    CHECK(bias[j] == layer.bias[j]);
    CHECK(bias[16 + j] == static_cast<std::int32_t>(layer.bias[j] + more));
  }
  for (const Layout layout : {Layout::kCortexM, Layout::kMve}) {
    EditedBlob board(high_blob(kSmall, layout));
    REQUIRE(board.section(SectionKind::kBias, kEncoder1).size == 16 * sizeof(std::int32_t));
    const auto* alone = board.contents<std::int32_t>(SectionKind::kBias, kEncoder1);
    for (std::size_t j = 0; j < layer.out; ++j) CHECK(alone[j] == layer.bias[j]);
  }
}
