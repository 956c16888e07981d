// One model gives the same bytes and figures on every ISA, processor and compiler, with any number
// of threads: each test compares checksums with those that it has always had.
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "picovae/crc32c.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tests/tools/stripes.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/fit_classes.hpp"
#include "tools/measure/likelihood.hpp"
#include "tools/measure/scores.hpp"
#include "tools/measure/signatures.hpp"
#include "tools/quantize/order_units.hpp"
#include "tools/quantize/prune.hpp"
#include "tools/quantize/quantize_network.hpp"

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

namespace {

template <typename Values>
std::uint32_t checksum(const Values& values) {
  return crc32c(std::as_bytes(std::span(values)));
}

constexpr std::size_t kImages = 400;

// Of stripes, with pixels that are never lit.
LabeledImages some_data() {
  LabeledImages data{{.count = kImages, .rows = 8, .cols = 8, .pixels = stripes(kImages)}, {}, {}};
  for (std::size_t i = 0; i < data.images.pixels.size(); ++i) {
    if (i % 64 < 5) data.images.pixels[i] = 0;
  }
  for (std::size_t i = 0; i < kImages; ++i) data.labels.push_back(static_cast<std::uint8_t>(i % 3));
  return data;
}

Network some_network() { return random_network({64, 37, 21, 5}, 1, 1.7F); }

// As picovae quantize does it.
std::uint32_t quantized(const Kernels& kernels, unsigned threads, int decoder_bits) {
  const LabeledImages data = some_data();
  Network network = some_network();
  network.classes = fit_known_classes(*make_model(network, kernels), data, {.threads = threads});
  if (decoder_bits == 4) {
    network = order_units(network, data.images.pixels, {.threads = threads}, kernels);
  }
  const Pruned pruned =
      prune(network, data.images.pixels, {.nats = 0.05, .threads = threads}, kernels);
  QuantizedNetwork result =
      quantize_network(pruned.network, data.images.pixels,
                       {.threads = threads, .decoder_bits = decoder_bits, .live = pruned.live},
                       kernels)
          .network;
  result.classes = class_section(network.classes);
  return checksum(pack_s8(result, Layout::kHost, kEncoderPart | kDecoderPart, {}).bytes());
}

std::uint32_t measured(const Model& model, unsigned threads) {
  const LabeledImages data = some_data();
  const std::span<const std::uint8_t> images = data.images.pixels;
  const Elbo elbo = evaluate(model, images, {.samples = 2, .threads = threads});
  const Nll nll = estimate_nll(model, images.first(20 * std::size_t{64}),
                               {.samples = 150, .threads = threads}, kWiderPosterior);
  std::vector<double> figures = {elbo.reconstruction, elbo.kl, nll.nll, nll.neg_elbo,
                                 nll.standard_error};
  for (const ImageScore& score : score_images(model, images, threads)) {
    figures.insert(figures.end(), {score.reconstruction, score.kl, score.entropy, score.squares});
  }
  return checksum(figures);
}

// Calls body(kernels, threads) for each ISA that fuses multiply-add, and several numbers of
// threads.
template <typename Body>
void for_each_way(Body body) {
  for (const Kernels* kernels : runnable_kernels()) {
    if (!equals_reference(*kernels)) continue;
    CAPTURE(std::string(kernels->name));
    for (const unsigned threads : {1U, 3U}) {
      CAPTURE(threads);
      body(*kernels, threads);
    }
  }
}

}  // namespace

TEST_CASE("a quantized model has the same bytes everywhere") {
  for_each_way([](const Kernels& kernels, unsigned threads) {
    CHECK(quantized(kernels, threads, 8) == 0x3a34791c);
    CHECK(quantized(kernels, threads, 4) == 0x435d3549);
  });
}

TEST_CASE("figures of an f32 model have the same bits everywhere") {
  for_each_way([](const Kernels& kernels, unsigned threads) {
    CHECK(measured(*make_model(some_network(), kernels), threads) == 0x6030ed92);
  });
}

TEST_CASE("figures of an s8 model have the same bits everywhere") {
  const QuantizedNetwork network = random_quantized_network({64, 37, 21, 5}, 2);
  for_each_way([&](const Kernels& kernels, unsigned threads) {
    const auto model = make_model(pack_s8(network, Layout::kHost, kEncoderPart | kDecoderPart, {}),
                                  "random", kernels);
    CHECK(measured(*model, threads) == 0xb838e6a8);
  });
}
