#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "half.hpp"
#include "picovae/blob.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/live_models.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/random_thresholds.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/unpack_float.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

// No width is a multiple of any padding, and hidden1 and pixels need several panels.
constexpr Dimensions kSize{70, 37, 21, 3};
constexpr std::uint8_t kBoth = kEncoderPart | kDecoderPart;

BlobView open(const BlobBytes& blob) {
  BlobView view;
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
  REQUIRE(verify_blob(view) == Status::kOk);
  return view;
}

bool is_accepted(std::span<const std::byte> bytes) {
  BlobView view;
  return open_blob(bytes, view) == Status::kOk && verify_blob(view) == Status::kOk;
}

template <typename T>
const T& at(const void* array, std::size_t index) {
  return static_cast<const T*>(array)[index];
}

// The stored bytes hold each weight at the layout's index, and weights of zero everywhere else.
void check_weights(const QuantizedLayer& layer, const Dense& dense, Layout layout) {
  std::vector<std::uint8_t> expected(packed_size(layout, Type::kS8, layer.in, layer.out));
  const std::size_t padded_in = round_up(layer.in, input_pad(layout, Type::kS8));
  const std::size_t padded_out = expected.size() / padded_in;
  for (std::size_t output = 0; output < padded_out; ++output) {
    const bool plus_128 =
        layout == Layout::kCortexM ? output % 2 == 0 : layout == Layout::kMve && dense.high_input;
    const int offset = plus_128 ? 128 : 0;
    for (std::size_t input = 0; input < padded_in; ++input) {
      const bool real = output < layer.out && input < layer.in;
      const int weight = real ? layer.weight[output * layer.in + input] : 0;
      expected[packed_index(layout, Type::kS8, layer.in, layer.out, output, input)] =
          static_cast<std::uint8_t>(weight + offset);
    }
  }
  CHECK(std::memcmp(expected.data(), dense.weights, expected.size()) == 0);
}

}  // namespace

TEST_CASE("every s8 weight is at its place in the layout") {
  for (const QuantizedNetwork& network :
       {random_quantized_network(kSize, 1), random_high_network(kSize, 1)}) {
    for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
      CAPTURE(static_cast<int>(layout));
      const BlobBytes blob = pack_s8(network, layout, kBoth, {});
      const BlobView view = open(blob);
      CHECK(view.header->layout == layout);
      for (std::size_t i = 0; i < kLayerCount; ++i) {
        CAPTURE(i);
        const bool high = network.greatest() > kMaxActivation && i != kEncoder0 && i != kDecoder0;
        CHECK(view.layers[i].high_input == high);
        check_weights(network.layers[i], view.layers[i], layout);
      }
    }
  }
}

TEST_CASE("every f32 weight is at its place in the layout, mu before logvar") {
  const Network network = random_network(kSize, 2);
  const BlobBytes blob = pack_float(network);
  const BlobView view = open(blob);
  CHECK(view.header->type == Type::kF32);
  const auto check = [&](const DenseWeights& layer, const Dense& dense, std::size_t first) {
    for (std::size_t output = 0; output < layer.out; ++output) {
      for (std::size_t input = 0; input < layer.in; ++input) {
        const std::size_t index =
            packed_index(Layout::kHost, Type::kF32, dense.in, dense.out, first + output, input);
        REQUIRE(at<float>(dense.weights, index) == layer.weight[output * layer.in + input]);
      }
      CHECK(at<float>(dense.bias, first + output) == layer.bias[output]);
    }
  };
  check(network.encoder0, view.layers[kEncoder0], 0);
  check(network.encoder1, view.layers[kEncoder1], 0);
  check(network.mu, view.layers[kEncoderHeads], 0);
  check(network.logvar, view.layers[kEncoderHeads], kSize.latent);
  check(network.decoder0, view.layers[kDecoder0], 0);
  check(network.decoder1, view.layers[kDecoder1], 0);
  check(network.decoder2, view.layers[kDecoder2], 0);
}

TEST_CASE("biases, multipliers, rescales and shifts are kept, padding is zero") {
  const QuantizedNetwork network = random_quantized_network(kSize, 3);
  const BlobBytes blob =
      pack_s8(network, Layout::kHost, kBoth, {.generated = 5, .reconstructed = 6});
  const BlobView view = open(blob);
  CHECK(view.header->signature == 5);
  CHECK(view.header->signature_reconstruct == 6);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    CAPTURE(i);
    const QuantizedLayer& layer = network.layers[i];
    const Dense& dense = view.layers[i];
    CHECK(dense.pre_shift == layer.pre_shift);
    CHECK(dense.post_shift == layer.post_shift);
    CHECK((dense.rescale == nullptr) == layer.rescale.empty());
    for (std::size_t j = 0; j < round_up(layer.out, kOutputPad); ++j) {
      const bool real = j < layer.out;
      CHECK(at<std::int32_t>(dense.bias, j) == (real ? layer.bias[j] : 0));
      CHECK(dense.multiplier[j] == (real ? layer.multiplier[j] : 0));
      if (!layer.rescale.empty()) CHECK(dense.rescale[j] == (real ? layer.rescale[j] : 0));
    }
  }
}

TEST_CASE("sections are aligned, weights come first and in order of use") {
  for (const BlobBytes& blob :
       {pack_float(random_network(kSize, 4)),
        pack_s8(random_quantized_network(kSize, 4), Layout::kHost, kBoth, {})}) {
    const BlobView view = open(blob);
    CHECK(view.header->total_size == blob.bytes().size());
    CHECK(view.header->total_size % kBlobAlignment == 0);
    const auto table = sections(*view.header);
    for (std::size_t i = 0; i < table.size(); ++i) {
      CHECK(table[i].offset % kBlobAlignment == 0);
      CHECK((table[i].kind == SectionKind::kWeights) == (i < kLayerCount));
      if (i < kLayerCount) CHECK(table[i].layer == i);
    }
  }
}

TEST_CASE("the model id is of the logical order") {
  const QuantizedNetwork network = random_quantized_network(kSize, 5);
  const auto id = [](const QuantizedNetwork& n, Layout layout, std::uint8_t parts = kBoth) {
    return open(pack_s8(n, layout, parts, {})).header->model_id;
  };
  const std::uint32_t host = id(network, Layout::kHost);
  CHECK(id(network, Layout::kCortexM) == host);
  CHECK(id(network, Layout::kMve) == host);
  CHECK(id(network, Layout::kHost, kDecoderPart) == id(network, Layout::kCortexM, kDecoderPart));

  const auto changed = [&](auto&& change) {
    QuantizedNetwork copy = network;
    change(copy.layers[kDecoder1]);
    return id(copy, Layout::kHost) != host;
  };
  CHECK(changed(
      [](QuantizedLayer& l) { l.weight[7] = static_cast<std::int8_t>(l.weight[7] / 2 + 1); }));
  CHECK(changed([](QuantizedLayer& l) { ++l.bias[7]; }));
  CHECK(changed([](QuantizedLayer& l) { l.multiplier[7] = 1024 - l.multiplier[7]; }));
  CHECK(changed(
      [](QuantizedLayer& l) { l.rescale[7] = static_cast<std::int16_t>(l.rescale[7] / 2 + 1); }));
  CHECK(changed([](QuantizedLayer& l) { ++l.post_shift; }));

  // Softplus adds nothing, ReLU a byte.
  for (const std::uint8_t parts : {kEncoderPart, kDecoderPart}) {
    QuantizedNetwork relu = random_quantized_network(kSize, 5);
    const std::uint32_t softplus_id = model_id(relu, parts);
    relu.activation = Activation::kRelu;
    CHECK(model_id(relu, parts) == crc32c(std::as_bytes(std::span("\1", 1)), softplus_id));
    const BlobBytes blob = pack_s8(relu, Layout::kMve, parts, {});
    CHECK(open(blob).header->model_id == model_id(relu, parts));
    CHECK(unpack_s8(open(blob), "FILE").activation == Activation::kRelu);
  }

  // Of an f32 model: weights and biases, layer by layer, in the order of the file.
  Network floats = random_network(kSize, 5);
  std::uint32_t crc = 0;
  const auto extend = [&](const std::vector<float>& values) {
    crc = crc32c(std::as_bytes(std::span(values)), crc);
  };
  for (const DenseWeights* layer : {&floats.encoder0, &floats.encoder1}) {
    extend(layer->weight);
    extend(layer->bias);
  }
  extend(floats.mu.weight);
  extend(floats.logvar.weight);
  extend(floats.mu.bias);
  extend(floats.logvar.bias);
  for (const DenseWeights* layer : {&floats.decoder0, &floats.decoder1, &floats.decoder2}) {
    extend(layer->weight);
    extend(layer->bias);
  }
  CHECK(open(pack_float(floats)).header->model_id == crc);
  floats.activation = Activation::kRelu;
  const BlobBytes relu = pack_float(floats);
  CHECK(open(relu).header->model_id == crc32c(std::as_bytes(std::span("\1", 1)), crc));
  CHECK(unpack_float(open(relu)).activation == Activation::kRelu);
}

TEST_CASE("any damaged byte is refused, and any truncation") {
  const BlobBytes blob =
      pack_s8(random_quantized_network(kSize, 6), Layout::kCortexM, kBoth, {1, 2});
  REQUIRE(is_accepted(blob.bytes()));
  BlobBytes damaged = blob;
  for (std::size_t i = 0; i < blob.bytes().size(); ++i) {
    damaged.bytes()[i] ^= std::byte{1};
    if (is_accepted(damaged.bytes())) FAIL_CHECK("byte " << i << " may be anything");
    damaged.bytes()[i] = blob.bytes()[i];
  }
  for (std::size_t size = 0; size < blob.bytes().size(); size += 61) {
    CHECK_FALSE(is_accepted(blob.bytes().first(size)));
  }
}

TEST_CASE("a decoder alone holds the decoder and nothing of the encoder") {
  const QuantizedNetwork network = random_quantized_network(kSize, 7);
  const BlobBytes whole = pack_s8(network, Layout::kCortexM, kBoth, {1, 2});
  QuantizedNetwork half = network;  // as it comes out of a blob without an encoder
  for (const Layer layer : {kEncoder0, kEncoder1, kEncoderHeads}) half.layers[layer] = {};
  for (const QuantizedNetwork& given : {network, half}) {
    const BlobBytes blob = pack_s8(given, Layout::kCortexM, kDecoderPart, {1, 2});
    const BlobView view = open(blob);
    CHECK_FALSE(view.has(kEncoderPart));
    CHECK(view.layers[kEncoder0].weights == nullptr);
    CHECK(view.layers[kEncoder0].post_shift == 0);
    CHECK(view.header->signature == 1);
    CHECK(view.header->signature_reconstruct == 0);
    for (const Layer layer : {kDecoder0, kDecoder1, kDecoder2}) {
      check_weights(network.layers[layer], view.layers[layer], Layout::kCortexM);
    }
    CHECK(blob.bytes().size() < whole.bytes().size() * 2 / 3);
  }
}

TEST_CASE("what the engine would refuse is not packed") {
  const auto error = [](auto&& change) {
    QuantizedNetwork network = random_quantized_network(kSize, 8);
    change(network.layers[kDecoder2]);
    return message_of([&] { pack_s8(network, Layout::kHost, kBoth, {}); });
  };
  CHECK(contains(error([](QuantizedLayer& l) { l.multiplier[3] = 0; }), "multiplier"));
  CHECK(contains(error([](QuantizedLayer& l) { l.multiplier[3] = 1024; }), "multiplier"));
  CHECK(contains(error([](QuantizedLayer& l) { l.bias[3] = 0x7fffffff; }), "overflow"));
  CHECK(contains(error([](QuantizedLayer& l) { l.post_shift = 25; }), "shift"));
  CHECK(contains(error([](QuantizedLayer& l) { l.weight.pop_back(); }), "layer 5 does not fit"));
  CHECK(contains(error([](QuantizedLayer& l) { l.bias.pop_back(); }), "layer 5 does not fit"));
  CHECK(contains(error([](QuantizedLayer& l) { l.rescale.push_back(1); }), "layer 5 does not fit"));

  Network wide = random_network(kSize, 8);
  wide.hidden1 = 70'000;
  CHECK(contains(message_of([&] { pack_float(wide); }), "70000 outputs"));
}

TEST_CASE("16-bit weights are the nearest ones, and models of theirs half as large") {
  Network network = random_network(kSize, 9);
  for (const auto& [type, digits] : {std::pair{Type::kF16, 11}, {Type::kBf16, 8}}) {
    const BlobBytes blob = pack_float(network, type);
    const BlobView view = open(blob);
    CHECK(view.header->type == type);
    CHECK(view.header->model_id != open(pack_float(network)).header->model_id);
    const Dense& layer = view.layers[kDecoder2];
    for (std::size_t i = 0; i < network.decoder2.weight.size(); ++i) {
      const float wanted = network.decoder2.weight[i];
      const std::uint16_t bits = at<std::uint16_t>(
          layer.weights,
          packed_index(Layout::kHost, type, layer.in, layer.out, i / layer.in, i % layer.in));
      const float got = type == Type::kF16 ? f16_to_f32(bits) : bf16_to_f32(bits);
      // Half a unit in the last of `digits` binary places.
      REQUIRE(std::fabs(got - wanted) <= std::ldexp(std::fabs(wanted), -digits));
    }
    CHECK(at<float>(layer.bias, 3) == network.decoder2.bias[3]);
  }
  network.encoder1.weight[5] = 70000;
  CHECK(contains(message_of([&] { pack_float(network, Type::kF16); }), "too large for f16"));
  CHECK(open(pack_float(network, Type::kBf16)).header->type == Type::kBf16);
}

TEST_CASE("unpacking gives back what was packed, in every layout") {
  auto pruned = random_pruned_network({20, 7, 6, 3}, 4);
  pruned.columns = 5;
  pruned.classes = random_class_section(3, 1, {1, 5}, 7);
  pruned.thresholds = random_threshold_section({10, 500, 999}, 8);
  auto inputs = pruned, outputs = pruned;  // dead pixels at one end alone
  inputs.live.outputs.clear();
  inputs.live.dead_logits.clear();
  inputs.layers[kDecoder2] = random_quantized_network({20, 7, 6, 3}, 4).layers[kDecoder2];
  outputs.live.inputs.clear();
  outputs.layers[kEncoder0] = random_quantized_network({20, 7, 6, 3}, 4).layers[kEncoder0];
  for (const QuantizedNetwork& quantized :
       {random_quantized_network({20, 7, 6, 3}, 4), pruned, inputs, outputs}) {
    for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
      const BlobBytes blob = pack_s8(quantized, layout, kBoth, {1, 2});
      BlobView view;
      REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
      const QuantizedNetwork back = unpack_s8(view, "model");
      CHECK(back.dimensions == quantized.dimensions);
      for (std::size_t i = 0; i < kLayerCount; ++i) {
        CHECK(back.layers[i].in == quantized.layers[i].in);
        CHECK(back.layers[i].out == quantized.layers[i].out);
        CHECK(back.layers[i].weight == quantized.layers[i].weight);
        CHECK(back.layers[i].bias == quantized.layers[i].bias);
        CHECK(back.layers[i].multiplier == quantized.layers[i].multiplier);
        CHECK(back.layers[i].rescale == quantized.layers[i].rescale);
        CHECK(back.layers[i].pre_shift == quantized.layers[i].pre_shift);
        CHECK(back.layers[i].post_shift == quantized.layers[i].post_shift);
      }
      CHECK(back.live == quantized.live);
      CHECK(back.columns == quantized.columns);
      CHECK(back.classes == quantized.classes);
      CHECK(back.thresholds == quantized.thresholds);
    }
  }
}

TEST_CASE("each half has its own dead pixels, and thresholds are of the whole") {
  auto network = random_pruned_network({20, 7, 6, 3}, 4);
  network.thresholds = random_threshold_section({10, 500, 999}, 8);
  const auto half = [&](std::uint8_t parts) {
    const BlobBytes blob = pack_s8(network, Layout::kCortexM, parts, {1, 2, 3, 4});
    return unpack_s8(open(blob), "model");
  };
  const QuantizedNetwork encoder = half(kEncoderPart), decoder = half(kDecoderPart);
  CHECK(encoder.live == LiveMasks{network.live.inputs, {}, {}});
  CHECK(decoder.live == LiveMasks{{}, network.live.outputs, network.live.dead_logits});
  CHECK(encoder.thresholds.empty());
  CHECK(decoder.thresholds.empty());
  CHECK(open(pack_s8(network, Layout::kHost, kBoth, {1, 2, 3, 4})).header->signature_scores == 4);
  for (const std::uint8_t parts : {kEncoderPart, kDecoderPart}) {
    const BlobBytes blob = pack_s8(network, Layout::kHost, parts, {1, 2, 3, 4});
    CHECK(blob.header().signature_scores == 0);
  }
}

TEST_CASE("masks that do not fit the model are not packed") {
  const auto error = [](auto&& change) {
    QuantizedNetwork network = random_pruned_network({20, 7, 6, 3}, 4);
    change(network.live);
    return message_of([&] { pack_s8(network, Layout::kHost, kBoth, {}); });
  };
  CHECK(error([](LiveMasks&) {}).empty());
  CHECK(contains(error([](LiveMasks& l) { l.inputs.pop_back(); }), "does not fit the shape"));
  CHECK(contains(error([](LiveMasks& l) { l.outputs.push_back(1); }), "does not fit the shape"));
  CHECK(contains(error([](LiveMasks& l) { l.dead_logits.pop_back(); }), "has a logit"));
  CHECK(contains(error([](LiveMasks& l) { l.outputs.clear(); }), "has a logit"));
  CHECK(contains(error([](LiveMasks& l) { l.dead_logits[0] = -799; }), "live pixels"));
  CHECK(contains(error([](LiveMasks& l) { l.inputs.assign(20, 1); }), "layer 0 does not fit"));
  CHECK(contains(error([](LiveMasks& l) { l.inputs.assign(20, 0); }), "cannot be packed"));
}

TEST_CASE("a decoder of 4 bits comes back from every layout, under the id of what it stands for") {
  const auto s4 = random_s4_network({70, 37, 21, 3}, 4);
  auto s8 = s4;
  for (QuantizedLayer& layer : s8.layers) layer.scale.clear();
  for (const std::uint8_t parts : {kBoth, std::uint8_t{kDecoderPart}}) {
    CHECK(model_id(s4, parts) == model_id(s8, parts));
    for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
      const BlobBytes blob = pack_s8(s4, layout, parts, {1, 2});
      CHECK(blob.bytes().size() < pack_s8(s8, layout, parts, {1, 2}).bytes().size());
      const QuantizedNetwork back = unpack_s8(open(blob), "model");
      for (const Layer layer : {kDecoder0, kDecoder1, kDecoder2}) {
        CHECK(back.layers[layer].weight == s4.layers[layer].weight);
        CHECK(back.layers[layer].scale == s4.layers[layer].scale);
      }
      CHECK(back.layers[kEncoder0].scale.empty());
    }
  }
}

TEST_CASE("hidden activations above 127 come back from every layout, biases and all") {
  const auto network = random_high_network({70, 37, 21, 3}, 4, 200);
  for (const std::uint8_t parts : {kBoth, std::uint8_t{kDecoderPart}}) {
    for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
      const BlobBytes blob = pack_s8(network, layout, parts, {1, 2});
      CHECK(blob.header().greatest == 200);
      const QuantizedNetwork back = unpack_s8(open(blob), "model");
      CHECK(back.greatest() == 200);
      CHECK(model_id(back, parts) == model_id(network, parts));
      for (std::size_t i = 0; i < kLayerCount; ++i) {
        if (!has_layer(kSize, parts, i)) continue;
        CHECK(back.layers[i].weight == network.layers[i].weight);
        CHECK(back.layers[i].bias == network.layers[i].bias);
        CHECK(back.layers[i].greatest == 200);
      }
    }
  }
  auto lower = network;
  for (QuantizedLayer& layer : lower.layers) layer.greatest = 199;
  CHECK(model_id(lower, kBoth) != model_id(network, kBoth));
  auto mixed = network;
  mixed.layers[kEncoder1].greatest = kMaxActivation;
  CHECK(contains(message_of([&] { pack_s8(mixed, Layout::kHost, kBoth, {}); }), "differ"));
  CHECK(pack_s8(random_quantized_network({70, 37, 21, 3}, 4), Layout::kHost, kBoth, {})
            .header()
            .greatest == 0);
}

TEST_CASE("a weight that 4 bits do not have is not packed") {
  const auto error = [](auto&& change) {
    QuantizedNetwork network = random_s4_network(kSize, 8);
    change(network.layers[kDecoder2]);
    return message_of([&] { pack_s8(network, Layout::kHost, kBoth, {}); });
  };
  CHECK(contains(error([](QuantizedLayer& l) { l.scale.pop_back(); }), "layer 5 does not fit"));
  CHECK(contains(error([](QuantizedLayer& l) { l.scale[0] = 0; }), "-8..7"));
  const auto set = [](int weight, int scale) {
    return [=](QuantizedLayer& l) {
      for (std::size_t i = 0; i < kS4Group; ++i) l.weight[i] = 0;
      l.weight[0] = static_cast<std::int8_t>(weight);
      l.scale[0] = static_cast<std::uint8_t>(scale);
    };
  };
  CHECK(error(set(-120, 15)).empty());
  CHECK(contains(error(set(120, 15)), "-8..7"));
  CHECK(contains(error(set(7, 2)), "-8..7"));
}

TEST_CASE("changed weights are found by the model id, even if all checksums fit") {
  EditedBlob edited(
      pack_s8(random_quantized_network({20, 7, 6, 3}, 4), Layout::kCortexM, kBoth, {1, 2}));
  edited.weight(kEncoder0, 3, 4) ^= 1;
  BlobView view;
  REQUIRE(open_blob(edited.seal().bytes(), view) == Status::kOk);
  REQUIRE(verify_blob(view) == Status::kOk);
  const auto message = message_of([&] { unpack_s8(view, "board.pvae"); });
  CHECK(contains(message, "board.pvae"));
  CHECK(contains(message, "model id"));
}
