#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/odd_arithmetic.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/error.hpp"
#include "tools/format/pack.hpp"
#include "tools/quantize/order_units.hpp"
#include "tools/quantize/quantize_layer.hpp"
#include "tools/quantize/quantize_network.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

using SmallShape = Shape<70, 37, 21, 3>;
constexpr Dimensions kSize = SmallShape::kDimensions;
constexpr std::uint8_t kBoth = kEncoderPart | kDecoderPart;

std::vector<std::uint8_t> wavy_images(std::size_t count, std::uint32_t seed) {
  return tests::wavy_images(count, kSize.pixels, seed);
}

Quantized quantize_small(const Network& network, unsigned threads = 1, std::size_t images = 500) {
  return quantize_network(network, wavy_images(1000, 1),
                          {.images = images, .seed = 1, .threads = threads}, kScalarKernels);
}

bool same(const QuantizedLayer& a, const QuantizedLayer& b) {
  return a.weight == b.weight && a.bias == b.bias && a.multiplier == b.multiplier &&
         a.rescale == b.rescale && a.pre_shift == b.pre_shift && a.post_shift == b.post_shift;
}

bool same(const QuantizedNetwork& a, const QuantizedNetwork& b) {
  return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(),
                    [](const auto& x, const auto& y) { return same(x, y); });
}

void check_bounds(const QuantizedNetwork& network) {
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const auto index = static_cast<Layer>(i);
    const Bounds bounds = layer_bounds(network.layers[i], index);
    CHECK(bounds.sum <= greatest_bounds(index).sum);
    CHECK(bounds.scaled <= greatest_bounds(index).scaled);
  }
}

// Root mean square of a - b as a share of b's spread around its mean.
double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  double mean = 0;
  for (const double v : b) mean += v / static_cast<double>(b.size());
  double error = 0;
  double spread = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    spread += (b[i] - mean) * (b[i] - mean);
  }
  return std::sqrt(error / spread);
}

struct Outputs {
  std::vector<double> mu, logvar, logits;
};

// Both models over the same images and the same latents, in real units.
template <typename S = SmallShape>
void run_both(const Network& network, const QuantizedNetwork& quantized, Outputs& f32,
              Outputs& s8) {
  const BlobBytes f32_blob = pack_float(network);
  const BlobBytes s8_blob = pack_s8(quantized, Layout::kHost, kBoth, {});
  Vae<S, Float> f32_vae;
  Vae<S, Integer> s8_vae;
  REQUIRE(f32_vae.open(f32_blob.bytes(), kScalarKernels) == Status::kOk);
  REQUIRE(s8_vae.open(s8_blob.bytes(), kScalarKernels) == Status::kOk);
  const auto f32_arena = std::make_unique<Arena<S, Float>>();
  const auto s8_arena = std::make_unique<Arena<S, Integer>>();
  constexpr std::size_t kImages = 200;
  const auto images = wavy_images(kImages, 2);
  for (std::size_t image = 0; image < kImages; ++image) {
    const std::uint8_t* u8 = images.data() + image * kSize.pixels;
    float x[kSize.pixels], mu[kSize.latent], logvar[kSize.latent], logits[kSize.pixels];
    std::int16_t q_mu[kSize.latent], q_logvar[kSize.latent], q_logits[kSize.pixels];
    for (std::size_t i = 0; i < kSize.pixels; ++i) x[i] = static_cast<float>(u8[i]) / 255.0F;
    REQUIRE(f32_vae.encode(x, mu, logvar, f32_arena->encoder) == Status::kOk);
    REQUIRE(s8_vae.encode(u8, q_mu, q_logvar, s8_arena->encoder) == Status::kOk);
    std::int16_t q_z[kSize.latent];
    float z[kSize.latent];
    normals(3, Purpose::kPrior, 0, static_cast<std::uint32_t>(image), q_z, kSize.latent);
    for (std::size_t i = 0; i < kSize.latent; ++i) z[i] = static_cast<float>(q_z[i]) / 1024.0F;
    REQUIRE(f32_vae.decode_logits(z, logits, f32_arena->decoder) == Status::kOk);
    REQUIRE(s8_vae.decode_logits(q_z, q_logits, s8_arena->decoder) == Status::kOk);
    for (std::size_t i = 0; i < kSize.latent; ++i) {
      f32.mu.push_back(mu[i]);
      s8.mu.push_back(q_mu[i] / 4096.0);
      f32.logvar.push_back(logvar[i]);
      s8.logvar.push_back(q_logvar[i] / 1024.0);
    }
    for (std::size_t i = 0; i < kSize.pixels; ++i) {
      f32.logits.push_back(logits[i]);
      s8.logits.push_back(q_logits[i] / 128.0);
    }
  }
}

// Both models compute the same, but for rounding.
template <typename S = SmallShape>
void check_same_outputs(const Network& network, const QuantizedNetwork& quantized,
                        double most_of_logits = 0.05) {
  Outputs f32, s8;
  run_both<S>(network, quantized, f32, s8);
  CHECK(relative_error(s8.mu, f32.mu) < 0.05);
  CHECK(relative_error(s8.logvar, f32.logvar) < 0.05);
  CHECK(relative_error(s8.logits, f32.logits) < most_of_logits);
}

}  // namespace

TEST_CASE("quantizing gives the same layers in any floating-point environment of its caller") {
  const Network network = random_network(kSize, 3);
  const Quantized expected = quantize_small(network);
  in_odd_arithmetic([&] {
    CHECK(same(quantize_small(network, 1).network, expected.network));
    CHECK(same(quantize_small(network, 2).network, expected.network));
  });
}

TEST_CASE("the integer model computes what the float model does, but for its rounding") {
  const Network network = random_network(kSize, 1, 1.7f);
  const Quantized quantized = quantize_small(network);
  CHECK(quantized.images == 500);
  CHECK(quantized.held_out == 500);
  check_same_outputs(network, quantized.network);
  check_bounds(quantized.network);
  for (const LayerReport& layer : quantized.layers) {
    CAPTURE(layer.name);
    CHECK(layer.sqnr_db > 30);
    CHECK(layer.sqnr_db < 70);
  }
  CHECK(quantized.layers[kEncoderHeads].name == "encoder.heads");
}

TEST_CASE("an integer model of ReLU computes what its float model does") {
  Network network = random_network(kSize, 1, 1.7f);
  network.activation = Activation::kRelu;
  for (float& weight : network.encoder0.weight) weight = -std::fabs(weight);  // no image lights it
  network.encoder0.bias.assign(network.encoder0.out, 1);
  network.encoder0.bias[3] = -1;  // a unit that never is above 0
  const Quantized quantized = quantize_small(network);
  CHECK(quantized.network.activation == Activation::kRelu);
  check_same_outputs(network, quantized.network);
  check_bounds(quantized.network);
  for (const QuantizedLayer& layer : quantized.network.layers) {
    CHECK(std::all_of(layer.raise.begin(), layer.raise.end(), [](double r) { return r == 0; }));
  }
}

TEST_CASE("finer activations are nearer to the float model") {
  const Network network = random_network(kSize, 1, 1.7f);
  const auto error = [&](std::uint8_t greatest) {
    const QuantizedNetwork quantized =
        quantize_network(network, wavy_images(1000, 1), {.images = 500, .greatest = greatest},
                         kScalarKernels)
            .network;
    for (const QuantizedLayer& layer : quantized.layers) CHECK(layer.greatest == greatest);
    check_bounds(quantized);
    Outputs f32, s8;
    run_both(network, quantized, f32, s8);
    return relative_error(s8.mu, f32.mu) + relative_error(s8.logits, f32.logits);
  };
  CHECK(error(kMostActivation) < 0.9 * error(kMaxActivation));
  CHECK(QuantizeOptions{}.greatest == kMostActivation);
}

TEST_CASE("an integer model of one hidden layer computes what its float model does") {
  using OneHidden = Shape<70, 37, 3>;
  static_assert(OneHidden::kPixels == kSize.pixels && OneHidden::kLatent == kSize.latent);
  Network network = random_network(OneHidden::kDimensions, 1, 1.7f);
  for (const Activation hidden : {Activation::kSoftplus, Activation::kRelu}) {
    network.activation = hidden;
    for (const int bits : {8, 4}) {
      const Quantized quantized = quantize_network(
          network, wavy_images(1000, 1),
          {.images = 500, .seed = 1, .threads = 2, .decoder_bits = bits}, kScalarKernels);
      check_same_outputs<OneHidden>(network, quantized.network, bits == 8 ? 0.05 : 0.3);
      CHECK(quantized.layers[kEncoder1].name.empty());
      CHECK(quantized.layers[kDecoder2].name == "decoder.2");
      if (bits == 4)
        CHECK(order_units(network, wavy_images(100, 1), {}, kScalarKernels).hidden2 == 0);
    }
  }
}

TEST_CASE("units of small activations are as good as others") {
  Network network = random_network(kSize, 1, 1.7f);
  for (float& weight : network.encoder1.weight) weight *= 0.15F;
  for (float& bias : network.encoder1.bias) bias = -3;
  for (DenseWeights* head : {&network.mu, &network.logvar}) {
    for (float& weight : head->weight) weight *= 20;
  }
  const Quantized quantized = quantize_small(network);
  Outputs f32, s8;
  run_both(network, quantized.network, f32, s8);
  CHECK(relative_error(s8.mu, f32.mu) < 0.042);  // 0.036; of units that are not raised 0.048
}

TEST_CASE("dead pixels are left out, and the others are computed as the float model does") {
  LiveMasks live{
      std::vector<std::uint8_t>(kSize.pixels, 1), std::vector<std::uint8_t>(kSize.pixels, 1), {}};
  Network network = random_network(kSize, 1, 1.7f);
  for (std::size_t p = 0; p < kSize.pixels; ++p) {
    if (p % 3 == 0) {
      live.inputs[p] = 0;
      for (std::size_t j = 0; j < kSize.hidden1; ++j) {
        network.encoder0.weight[j * kSize.pixels + p] = 0;
      }
    }
    if (p % 4 == 1) {
      live.outputs[p] = 0;
      live.dead_logits.push_back(static_cast<std::int16_t>(-900 - static_cast<int>(p)));
      for (std::size_t j = 0; j < kSize.hidden1; ++j) {
        network.decoder2.weight[p * kSize.hidden1 + j] = 0;
      }
      network.decoder2.bias[p] = static_cast<float>(live.dead_logits.back()) / 128.0F;
    }
  }
  const auto quantize = [&](unsigned threads) {
    return quantize_network(network, wavy_images(1000, 1),
                            {.images = 500, .seed = 1, .threads = threads, .live = live},
                            kScalarKernels);
  };
  const Quantized quantized = quantize(1);
  CHECK(quantized.network.live == live);
  CHECK(quantized.network.layers[kEncoder0].in == 46);
  CHECK(quantized.network.layers[kEncoder0].weight.size() == 46u * kSize.hidden1);
  CHECK(quantized.network.layers[kDecoder2].out == 52);
  CHECK(same(quantized.network, quantize(3).network));
  for (const LayerReport& layer : quantized.layers) CHECK(layer.sqnr_db > 30);
  Outputs f32, s8;
  run_both(network, quantized.network, f32, s8);
  CHECK(relative_error(s8.mu, f32.mu) < 0.05);
  CHECK(relative_error(s8.logvar, f32.logvar) < 0.05);
  std::vector<double> s8_live, f32_live;
  for (std::size_t i = 0; i < f32.logits.size(); ++i) {
    if (live.outputs[i % kSize.pixels] != 0) {
      s8_live.push_back(s8.logits[i]);
      f32_live.push_back(f32.logits[i]);
    } else {
      CHECK(s8.logits[i] == f32.logits[i]);
    }
  }
  CHECK(relative_error(s8_live, f32_live) < 0.05);
}

TEST_CASE(
    "a decoder of 4 bits computes about what the float model does; its encoder is that of s8") {
  const Network network = random_network(kSize, 1, 1.7f);
  const QuantizeOptions options{.images = 500, .seed = 1, .threads = 2, .decoder_bits = 4};
  const auto images = wavy_images(1000, 1);
  const QuantizedNetwork quantized =
      quantize_network(network, images, options, kScalarKernels).network;
  Outputs f32, s4;
  run_both(network, quantized, f32, s4);
  CHECK(relative_error(s4.mu, f32.mu) < 0.05);
  CHECK(relative_error(s4.logits, f32.logits) < 0.3);
  CHECK(relative_error(s4.logits, f32.logits) > 0.01);
  check_bounds(quantized);
  const QuantizedNetwork s8 = quantize_small(network).network;
  for (const Layer layer : {kEncoder0, kEncoder1, kEncoderHeads}) {
    CHECK(same(quantized.layers[layer], s8.layers[layer]));
    CHECK(quantized.layers[layer].scale.empty());
  }
  for (const Layer layer : {kDecoder0, kDecoder1, kDecoder2}) {
    CHECK_FALSE(quantized.layers[layer].scale.empty());
  }
  const auto single = quantize_network(
      network, images, {.images = 500, .seed = 1, .threads = 1, .decoder_bits = 4}, kScalarKernels);
  CHECK(same(single.network, quantized));
}

TEST_CASE("the same seed gives the same integers on any number of threads") {
  const Network network = random_network(kSize, 2);
  const QuantizedNetwork first = quantize_small(network).network;
  CHECK(same(first, quantize_small(network).network));
  CHECK(same(first, quantize_small(network, 3).network));
  CHECK_FALSE(same(first, quantize_small(network, 1, 400).network));
  const Quantized other = quantize_network(
      network, wavy_images(1000, 1), {.images = 500, .seed = 2, .threads = 1}, kScalarKernels);
  CHECK(same(first.layers[kEncoderHeads], other.network.layers[kEncoderHeads]));
  CHECK_FALSE(same(first.layers[kDecoder0], other.network.layers[kDecoder0]));
}

TEST_CASE("units that never fire, always fire or grow huge do no harm") {
  Network network = random_network(kSize, 3);
  network.encoder0.bias[0] = -200;
  network.encoder0.bias[1] = 40;
  for (float& b : network.encoder1.bias) b = -200;  // a whole layer that never fires
  for (std::size_t i = 0; i < network.decoder0.in; ++i) network.decoder0.weight[i] *= 50;
  std::fill(network.decoder1.weight.begin(), network.decoder1.weight.end(), 0.0F);
  const Quantized quantized = quantize_small(network);
  check_bounds(quantized.network);
  Outputs f32, s8;
  run_both(network, quantized.network, f32, s8);
  // With nothing behind them the heads are their biases, and the logits a constant.
  for (std::size_t i = 0; i < f32.mu.size(); ++i) {
    REQUIRE(std::abs(s8.mu[i] - f32.mu[i]) < 1e-3);
    REQUIRE(std::abs(s8.logvar[i] - f32.logvar[i]) < 2e-3);
  }
  for (std::size_t i = 0; i < f32.logits.size(); ++i) {
    REQUIRE(std::abs(s8.logits[i] - f32.logits[i]) < 0.02);
  }
}

TEST_CASE("weights of inputs that calibration never moves are the float ones, rounded") {
  constexpr std::size_t kDead = 0;
  Network network = random_network(kSize, 9);
  network.encoder0.bias[kDead] = -200;  // never fires
  network.encoder0.bias[1] = 40;        // gives the layer a wide range
  network.logvar.bias[kDead] = -80;     // z is always 0
  for (std::size_t k = 0; k < network.mu.in; ++k) {
    network.mu.weight[kDead * network.mu.in + k] = 0;
  }
  network.mu.bias[kDead] = 0;
  auto images = wavy_images(1000, 1);
  for (std::size_t i = kDead; i < images.size(); i += kSize.pixels) images[i] = 0;
  const QuantizedNetwork quantized = quantize_network(network, images, {}, kScalarKernels).network;

  // A unit that never fires has a range of 3 % of the layer's widest.
  const auto& rescale = quantized.layers[kEncoder0].rescale;
  CHECK(rescale[kDead] / static_cast<double>(rescale[1]) ==
        doctest::Approx(1 / 0.03).epsilon(0.01));

  const auto check = [&](Layer index, const DenseWeights& floats, double input_step) {
    const QuantizedLayer& layer = quantized.layers[index];
    for (std::size_t j = 0; j < layer.out; ++j) {
      const double scale = std::ldexp(layer.multiplier[j], -7 - layer.pre_shift - layer.post_shift);
      const double wanted =
          static_cast<double>(floats.weight[j * layer.in + kDead]) * input_step / scale;
      const double bounded = std::clamp(wanted, -127.0, 127.0);
      CHECK(std::abs(layer.weight[j * layer.in + kDead] - bounded) < 0.51);
    }
  };
  check(kEncoder0, network.encoder0, 2.0 / 255);
  check(kEncoder1, network.encoder1, 128.0 / rescale[kDead]);
  check(kDecoder0, network.decoder0, 1.0 / 1024);
}

TEST_CASE("blank images calibrate too") {
  const Network network = random_network(kSize, 4);
  const std::vector<std::uint8_t> blank(20 * std::size_t{kSize.pixels});
  const Quantized quantized = quantize_network(network, blank, {}, kScalarKernels);
  CHECK(quantized.images == 18);
  CHECK(quantized.held_out == 2);
  check_bounds(quantized.network);
  CHECK(pack_s8(quantized.network, Layout::kHost, kBoth, {}).bytes().size() > 0);
  // Of a network of zeros the outputs are exact and zero, and that has a figure too.
  Network zero = network;
  for (const NetworkLayer& layer : kNetworkLayers) {
    for (std::vector<float>* values :
         {&(zero.*layer.weights).weight, &(zero.*layer.weights).bias}) {
      std::fill(values->begin(), values->end(), 0.0f);
    }
  }
  for (const LayerReport& layer : quantize_network(zero, blank, {}, kScalarKernels).layers) {
    CHECK(std::isfinite(layer.sqnr_db));
  }
}

TEST_CASE("what cannot be quantized is said in a line") {
  const Network network = random_network(kSize, 5);
  const auto images = wavy_images(100, 1);
  const auto error = [&](const Network& n, std::span<const std::uint8_t> x,
                         const Kernels& kernels) {
    const auto message = message_of([&] { quantize_network(n, x, {}, kernels); });
    CHECK(message.find('\n') == std::string::npos);
    return message;
  };
  CHECK(contains(error(network, std::span(images).first(kSize.pixels), kScalarKernels),
                 "at least two training images"));
  Network overflowing = network;
  overflowing.encoder1.weight[0] = 1e38F;
  overflowing.encoder1.weight[1] = 1e38F;
  overflowing.encoder0.bias[0] = 100;
  CHECK(contains(error(overflowing, images, kScalarKernels), "encoder.1: its float outputs"));
  Network large = network;
  for (float& w : large.decoder2.weight) w *= 1e9F;
  CHECK(
      contains(error(large, images, kScalarKernels), "decoder.2: weights or biases are too large"));
  Kernels lacking = kScalarKernels;
  lacking.s8 = nullptr;
  CHECK(contains(error(network, images, lacking), "scalar kernels"));
  lacking = kScalarKernels;
  lacking.f32 = nullptr;
  CHECK(contains(error(network, images, lacking), "scalar kernels"));
}

TEST_CASE("progress goes from 0 to 1, layer by layer") {
  std::vector<double> seen;
  quantize_network(random_network(kSize, 6), wavy_images(50, 1), {}, kScalarKernels,
                   [&](double done) { seen.push_back(done); });
  CHECK(seen.size() == kLayerCount + 1);
  CHECK(seen.front() == 0);
  CHECK(seen.back() == 1);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}
