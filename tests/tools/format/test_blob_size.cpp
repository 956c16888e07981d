#include "tools/format/blob_size.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "tests/engine/random_models.hpp"
#include "tools/format/live_section.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

// Kills the pixels at the ends of the images: so many inputs, so many outputs.
QuantizedNetwork random_model(Dimensions dimensions, std::size_t dead_inputs,
                              std::size_t dead_outputs) {
  BlobHeader header{};
  header.dimensions = dimensions;
  header.dead_inputs = static_cast<std::uint16_t>(dead_inputs);
  header.dead_outputs = static_cast<std::uint16_t>(dead_outputs);
  QuantizedNetwork network = random_quantized_network(dimensions, 1);
  Dice dice(2);
  const auto sizes = layer_sizes(header);
  network.layers[kEncoder0] = random_layer(sizes[kEncoder0], false, true, 600, dice);
  network.layers[kDecoder2] = random_layer(sizes[kDecoder2], false, false, 400, dice);
  if (dead_inputs != 0) {
    network.live.inputs.assign(dimensions.pixels, 1);
    std::fill_n(network.live.inputs.begin(), dead_inputs, std::uint8_t{0});
  }
  if (dead_outputs != 0) {
    network.live.outputs.assign(dimensions.pixels, 1);
    std::fill_n(network.live.outputs.rbegin(), dead_outputs, std::uint8_t{0});
    network.live.dead_logits.assign(dead_outputs, -900);
  }
  return network;
}

std::size_t runs(LivePixels of) { return of.all() ? 0 : of.run_count(); }

void check_every_layout(const QuantizedNetwork& network) {
  for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
    for (const int parts : {kEncoderPart | kDecoderPart, int{kEncoderPart}, int{kDecoderPart}}) {
      const auto part_bits = static_cast<std::uint8_t>(parts);
      const BlobBytes blob = pack_s8(network, layout, part_bits, {});
      BlobView view;
      REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
      const bool decoder = (parts & kDecoderPart) != 0;
      const SectionCounts counts{runs(view.inputs), runs(view.outputs),
                                 decoder ? network.classes.size() : 0};
      CHECK(s8_blob_size(blob.header(), counts) == blob.bytes().size());
    }
  }
}

TEST_CASE("a model takes as many bytes as were expected") {
  for (const Dimensions shape : {Dimensions{70, 37, 21, 3}, Dimensions{784, 64, 104, 16},
                                 Dimensions{1, 1, 1, 1}, Dimensions{127, 33, 65, 40}}) {
    check_every_layout(random_model(shape, 0, 0));
  }
}

TEST_CASE("so does one with dead pixels, at either end or both") {
  constexpr Dimensions kShape{300, 24, 20, 6};
  check_every_layout(random_model(kShape, 57, 0));
  check_every_layout(random_model(kShape, 0, 98));
  check_every_layout(random_model(kShape, 30, 41));
}

TEST_CASE("so does one with hidden activations above 127") {
  QuantizedNetwork network = random_model({300, 24, 20, 6}, 30, 41);
  make_high(network, 170);
  check_every_layout(network);
}

TEST_CASE("so does one with classes") {
  QuantizedNetwork network = random_model({300, 24, 20, 6}, 30, 41);
  network.classes = random_class_section(6, 1, {0, 1, 2, 5}, 1);
  check_every_layout(network);
}

TEST_CASE("no pixels make more runs than the most") {
  constexpr std::array<std::size_t, 6> kDead = {1, 2, 100, 299, 300, 599};
  for (const std::size_t dead : kDead) {
    QuantizedNetwork network = random_model({600, 24, 20, 6}, 0, dead);
    Dice dice(3);
    for (int shuffle = 0; shuffle < 20; ++shuffle) {
      const BlobBytes blob = pack_s8(network, Layout::kHost, kDecoderPart, {});
      BlobView view;
      REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
      CHECK(view.outputs.run_count() <= most_runs(600, dead));
      auto& mask = network.live.outputs;
      for (std::size_t i = 0; i < mask.size(); ++i) {
        std::swap(mask[i], mask[static_cast<std::size_t>(dice.between(0, 599))]);
      }
    }
  }
}

}  // namespace
