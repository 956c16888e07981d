#include "tools/quantize/prune.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/live.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/stripes.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/quantize/quantize_network.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

constexpr std::size_t kSide = 12;
constexpr std::size_t kPixels = kSide * kSide;
constexpr Dimensions kFramed{kPixels, 20, 16, 4};
constexpr std::size_t kImages = 1200;

// How far a pixel is from the edge: 0, 1 are never lit, 2 is once in a while, the rest often.
std::size_t ring_of(std::size_t pixel) {
  const std::size_t x = pixel % kSide, y = pixel / kSide;
  return std::min({x, y, kSide - 1 - x, kSide - 1 - y});
}
bool is_never_lit(std::size_t pixel) { return ring_of(pixel) < 2; }

// Light or dark in a frame.
std::vector<std::uint8_t> framed_images(std::size_t count) {
  Dice dice(6);
  std::vector<std::uint8_t> images(count * kPixels);
  for (std::size_t i = 0; i < count; ++i) {
    const bool light = dice.between(0, 1) != 0;
    for (std::size_t p = 0; p < kPixels; ++p) {
      if (is_never_lit(p)) continue;
      const auto value =
          static_cast<std::uint8_t>(light ? dice.between(200, 255) : dice.between(0, 60));
      images[i * kPixels + p] = ring_of(p) > 2 || dice.between(0, 999) < 2 ? value : 0;
    }
  }
  return images;
}

const std::vector<std::uint8_t>& framed() {
  static const auto images = framed_images(kImages);
  return images;
}

// A model of these images that needs no training: its first units add up the middle's light, its
// first latent is that, and its units have so large a bias that softplus changes nothing.
Network light_or_dark() {
  Network network = random_network(kFramed, 1);
  for (const NetworkLayer& layer : kNetworkLayers) {
    DenseWeights& dense = network.*layer.weights;
    std::fill(dense.weight.begin(), dense.weight.end(), 0.0F);
    std::fill(dense.bias.begin(), dense.bias.end(), 0.0F);
  }
  Dice dice(3);
  for (std::size_t p = 0; p < kPixels; ++p) {
    const float share = static_cast<float>(dice.uniform(0.5, 1.5)) / 36;
    network.encoder0.weight[p] = ring_of(p) > 2 ? 8 * share : 0.01F;
    network.decoder2.weight[p * kFramed.hidden1] = ring_of(p) > 2 ? 1.0F : 0.0F;
    network.decoder2.bias[p] = ring_of(p) > 2 ? -8.0F : is_never_lit(p) ? -9.0F : -6.5F;
  }
  network.encoder0.bias[0] = 8;
  network.encoder1.weight[0] = 1;
  network.mu.weight[0] = 0.5F;
  network.mu.bias[0] = -6;
  network.logvar.bias[0] = -3;
  network.decoder0.weight[0] = 2;
  network.decoder0.bias[0] = 8;
  network.decoder1.weight[0] = 1;
  return network;
}

const Network& fitted() {
  static const Network network = light_or_dark();
  return network;
}

Pruned prune_framed(double nats, unsigned threads = 1) {
  return prune(fitted(), framed(), {.nats = nats, .threads = threads}, select_kernels());
}

double cost_of(const Network& network) {
  return evaluate(*make_model(network, select_kernels()), framed(), {}).neg_elbo;
}

std::size_t dead(const std::vector<std::uint8_t>& mask) { return LiveMasks::dead(mask); }

}  // namespace

TEST_CASE("nothing is pruned for 0 nats") {
  const Pruned pruned = prune_framed(0);
  CHECK(pruned.live == LiveMasks{});
  CHECK(pruned.nats == 0);
  CHECK(all_values(pruned.network) == all_values(fitted()));
}

TEST_CASE("what is measured is what was wanted at most, and grows with it, as the dead pixels do") {
  const double before = cost_of(fitted());
  std::size_t inputs = 0, outputs = 0;
  double nats = -1000;
  for (const double wanted : {1e-9, 0.01, 0.1, 1.0, 5.0}) {
    CAPTURE(wanted);
    const Pruned pruned = prune_framed(wanted);
    CHECK(pruned.nats <= wanted);
    CHECK(pruned.nats == doctest::Approx(cost_of(pruned.network) - before).epsilon(1e-6));
    CHECK(pruned.nats >= nats);
    CHECK(dead(pruned.live.inputs) >= inputs);
    CHECK(dead(pruned.live.outputs) >= outputs);
    inputs = dead(pruned.live.inputs);
    outputs = dead(pruned.live.outputs);
    nats = pruned.nats;
  }
  CHECK(nats > 0.1);
  CHECK(inputs > dead(prune_framed(0.01).live.inputs));
  CHECK(inputs < kPixels);
}

TEST_CASE("dead pixels are the dark ones") {
  for (const double wanted : {0.01, 0.3}) {
    const LiveMasks live = prune_framed(wanted).live;
    std::size_t next = 0;
    for (std::size_t p = 0; p < kPixels; ++p) {
      CAPTURE(p);
      if (is_never_lit(p)) {
        CHECK(live.inputs[p] == 0);
        // The model's own logits are lower than a constant may be, and so a little cheaper.
        if (wanted > 0.1) CHECK(live.outputs[p] == 0);
      }
      if (live.outputs[p] != 0) continue;
      CHECK(ring_of(p) < 3);
      // The logit of its mean, half a pixel added.
      double lit = 0.5;
      for (std::size_t i = 0; i < kImages; ++i) lit += framed()[i * kPixels + p] / 255.0;
      const double logit = std::log(lit / (kImages + 1 - lit));
      CHECK(std::abs(live.dead_logits[next] - 128 * logit) <= 0.501);
      CHECK(live.dead_logits[next] <= kDeadLogit);
      ++next;
    }
    CHECK(next == live.dead_logits.size());
  }
}

TEST_CASE("the network has the constant of dead outputs, and the mean of dead inputs") {
  const Pruned pruned = prune_framed(0.3);
  const Network& before = fitted();
  const Network& after = pruned.network;
  std::size_t next = 0;
  std::vector<double> moved(before.encoder0.bias.begin(), before.encoder0.bias.end());
  for (std::size_t p = 0; p < kPixels; ++p) {
    const bool in = pruned.live.inputs[p] != 0, out = pruned.live.outputs[p] != 0;
    double mean = 0;
    for (std::size_t i = 0; i < kImages; ++i) mean += framed()[i * kPixels + p] / 255.0 / kImages;
    for (std::size_t j = 0; j < before.hidden1; ++j) {
      const float column = before.encoder0.weight[j * kPixels + p];
      CHECK(after.encoder0.weight[j * kPixels + p] == (in ? column : 0));
      if (!in) moved[j] += static_cast<double>(column) * mean;
      const std::size_t at = p * before.hidden1 + j;
      CHECK(after.decoder2.weight[at] == (out ? before.decoder2.weight[at] : 0));
    }
    const float constant = out ? before.decoder2.bias[p]
                               : static_cast<float>(pruned.live.dead_logits[next++]) / 128.0F;
    CHECK(after.decoder2.bias[p] == constant);
  }
  for (std::size_t j = 0; j < before.hidden1; ++j) {
    CHECK(after.encoder0.bias[j] == doctest::Approx(moved[j]).epsilon(1e-5));
  }
  CHECK(after.encoder1.weight == before.encoder1.weight);
  CHECK(after.decoder1.weight == before.decoder1.weight);
}

TEST_CASE("the same pixels on any number of threads") {
  const Pruned one = prune_framed(0.05), three = prune_framed(0.05, 3);
  CHECK(one.live == three.live);
  CHECK(one.nats == three.nats);
  CHECK(all_values(one.network) == all_values(three.network));
}

TEST_CASE("images without dark pixels: no output is dead, inputs cost no more than was wanted") {
  auto images = stripes(600);
  for (std::uint8_t& pixel : images) pixel = std::max<std::uint8_t>(pixel, 5);
  const Network network = random_network(kSmall, 2, 1.0F);
  const Pruned pruned = prune(network, images, {.nats = 0.01}, select_kernels());
  CHECK(pruned.live.outputs.empty());
  CHECK(pruned.live.dead_logits.empty());
  CHECK(pruned.nats <= 0.01);
}

TEST_CASE("black images: one pixel lives at either end, and they are quantized") {
  const std::vector<std::uint8_t> black(600 * std::size_t{kSmall.pixels});
  const Network network = random_network(kSmall, 2, 1.0F);
  const Pruned pruned = prune(network, black, {.nats = 0.01}, select_kernels());
  CHECK(dead(pruned.live.inputs) == kSmall.pixels - 1u);
  CHECK(dead(pruned.live.outputs) == kSmall.pixels - 1u);
  CHECK(pruned.nats <= 0.01);
  const auto quantized =
      quantize_network(pruned.network, black, {.live = pruned.live}, select_kernels());
  const BlobBytes blob = pack_s8(quantized.network, Layout::kHost, kEncoderPart | kDecoderPart, {});
  CHECK(blob.header().dead_inputs == kSmall.pixels - 1);
  CHECK(blob.header().dead_outputs == kSmall.pixels - 1);
}

TEST_CASE("few images do not tell a dark pixel") {
  const Network network = random_network(kSmall, 2, 1.0F);
  for (const std::size_t count : {1u, 2u, 200u, 400u}) {
    CAPTURE(count);
    const std::vector<std::uint8_t> black(count * kSmall.pixels);
    const Pruned pruned = prune(network, black, {.nats = 0.01}, select_kernels());
    CHECK(dead(pruned.live.outputs) == (count < 259 ? 0u : kSmall.pixels - 1u));
    CHECK(pruned.nats <= 0.01);
  }
}

TEST_CASE("it is measured on as many images as are wanted") {
  const auto some = prune(fitted(), framed(), {.nats = 0.05, .images = 100}, select_kernels());
  CHECK(some.nats <= 0.05);
  CHECK(some.nats != prune_framed(0.05).nats);
  CHECK(dead(some.live.outputs) >= 80);
}
