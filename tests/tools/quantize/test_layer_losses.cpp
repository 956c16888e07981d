#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "picovae/random.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/quantize/layer_losses.hpp"
#include "tools/quantize/quantize_network.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr Dimensions kSize{70, 37, 21, 3};
constexpr std::size_t kImages = 230;  // no whole number of parts

std::vector<std::uint8_t> noisy_images(std::size_t count) {
  std::vector<std::uint32_t> words(count * kSize.pixels);
  uniforms(2, Purpose::kUserDefined, 0, 0, words.data(), words.size());
  std::vector<std::uint8_t> images;
  for (const std::uint32_t word : words) images.push_back(static_cast<std::uint8_t>(word >> 24));
  return images;
}

using Values = std::vector<double>;
using LiveMask = std::vector<std::uint8_t>;

Values dense(const DenseWeights& layer, const Values& x) {
  Values y(layer.bias.begin(), layer.bias.end());
  for (std::size_t o = 0; o < layer.out; ++o) {
    for (std::size_t i = 0; i < layer.in; ++i) y[o] += layer.weight[o * layer.in + i] * x[i];
  }
  return y;
}

Values hidden(const DenseWeights& layer, const Values& x) {
  Values y = dense(layer, x);
  for (double& v : y) v = std::log1p(std::exp(v));
  return y;
}

// The float model's negative ELBO in double precision, straight from the paper.
double reference(const Network& network, const std::vector<std::uint8_t>& images) {
  double sum = 0;
  for (std::size_t image = 0; image < kImages; ++image) {
    Values x;
    for (std::size_t p = 0; p < kSize.pixels; ++p) x.push_back(images[image * kSize.pixels + p]);
    for (double& v : x) v /= 255;
    const Values h = hidden(network.encoder1, hidden(network.encoder0, x));
    const Values mu = dense(network.mu, h);
    const Values logvar = dense(network.logvar, h);
    std::int16_t eps[kSize.latent];
    normals(1, Purpose::kPosterior, 0, static_cast<std::uint32_t>(image), eps, kSize.latent);
    Values z;
    for (std::size_t k = 0; k < kSize.latent; ++k) {
      sum -= 0.5 * (1 + logvar[k] - mu[k] * mu[k] - std::exp(logvar[k]));
      z.push_back(mu[k] + std::exp(0.5 * logvar[k]) * eps[k] / 1024);
    }
    const Values logits =
        dense(network.decoder2, hidden(network.decoder1, hidden(network.decoder0, z)));
    for (std::size_t p = 0; p < kSize.pixels; ++p) {
      sum += std::log1p(std::exp(logits[p])) - x[p] * logits[p];
    }
  }
  return sum / kImages;
}

using Losses = std::array<double, kLayerCount>;

Losses by_layer(const Network& network, const QuantizedNetwork& quantized,
                std::span<const std::uint8_t> images, unsigned threads = 1) {
  return elbo_by_layer(network, quantized, images.first(kImages * kSize.pixels),
                       {.threads = threads}, kScalarKernels);
}

// Those of layers that each lose little of the expected ELBO, whatever the threads.
Losses small_losses(const Network& network, const QuantizedNetwork& quantized,
                    std::span<const std::uint8_t> images, double expected) {
  const Losses losses = by_layer(network, quantized, images);
  for (const double elbo : losses) CHECK(std::fabs(elbo - expected) < 0.002 * expected);
  CHECK(by_layer(network, quantized, images, 3) == losses);
  return losses;
}

TEST_CASE("each layer alone costs little, and a broken one is the one that costs") {
  const Network network = tests::random_network(kSize, 6, 1.0f);
  const auto images = noisy_images(1000);
  QuantizedNetwork quantized =
      quantize_network(network, images, {.images = 500, .seed = 1, .threads = 1}, kScalarKernels)
          .network;
  const double expected = reference(network, images);
  const Losses good = small_losses(network, quantized, images, expected);

  for (std::size_t broken = 0; broken < kLayerCount; ++broken) {
    CAPTURE(broken);
    const std::vector<std::int8_t> weight = quantized.layers[broken].weight;
    std::fill(quantized.layers[broken].weight.begin(), quantized.layers[broken].weight.end(),
              std::int8_t{0});
    const Losses now = by_layer(network, quantized, images);
    for (std::size_t l = 0; l < kLayerCount; ++l) {
      CHECK((now[l] != good[l]) == (l == broken));
    }
    CHECK(std::fabs(now[broken] - expected) > 3 * std::fabs(good[broken] - expected));
    quantized.layers[broken].weight = weight;
  }
}

TEST_CASE("layers whose units were raised cost as little") {
  Network network = tests::random_network(kSize, 6, 1.0f);
  for (DenseWeights* layer : {&network.encoder0, &network.encoder1, &network.decoder0}) {
    for (float& bias : layer->bias) bias -= 2;
  }
  for (DenseWeights* layer : {&network.encoder1, &network.mu, &network.decoder1}) {
    for (float& weight : layer->weight) weight *= 4;  // so that it shows
  }
  const auto images = noisy_images(1000);
  const QuantizedNetwork quantized =
      quantize_network(network, images, {.images = 500, .seed = 1, .threads = 1}, kScalarKernels)
          .network;
  for (const Layer layer : {kEncoder0, kEncoder1, kDecoder0}) {
    const std::vector<double>& raise = quantized.layers[layer].raise;
    CHECK(*std::max_element(raise.begin(), raise.end()) > 0.2);
  }
  small_losses(network, quantized, images, reference(network, images));
}

// Pixels that are dead at one end or both: 0 to 9 neither read nor computed, 10 to 14 not read, 15
// to 19 not computed.
Network with_dead_pixels(Network network, LiveMasks& live) {
  live = {LiveMask(kSize.pixels, 1), LiveMask(kSize.pixels, 1), {}};
  for (std::size_t p = 0; p < 20; ++p) {
    if (p < 15) {
      live.inputs[p] = 0;
      for (std::size_t j = 0; j < network.hidden1; ++j) {
        network.encoder0.weight[j * kSize.pixels + p] = 0;
      }
    }
    if (p >= 10 && p < 15) continue;
    live.outputs[p] = 0;
    live.dead_logits.push_back(static_cast<std::int16_t>(-800 - 16 * static_cast<int>(p)));
    std::fill_n(network.decoder2.weight.begin() + static_cast<std::ptrdiff_t>(p * network.hidden1),
                network.hidden1, 0.0F);
    network.decoder2.bias[p] = static_cast<float>(live.dead_logits.back()) / 128.0F;
  }
  return network;
}

TEST_CASE("layers of live pixels alone lose as little, and dead logits count") {
  LiveMasks live;
  const Network network = with_dead_pixels(tests::random_network(kSize, 6, 1.0f), live);
  const auto images = noisy_images(1000);
  QuantizedNetwork quantized =
      quantize_network(network, images, {.images = 500, .live = live}, kScalarKernels).network;
  const Losses good = small_losses(network, quantized, images, reference(network, images));

  // Pixel 16's logit, of those of 0 .. 9 and 15 .. 19 the twelfth, falls by 4.
  double x = 0;
  for (std::size_t i = 0; i < kImages; ++i) x += images[i * kSize.pixels + 16] / 255.0 / kImages;
  const double before = quantized.live.dead_logits[11] / 128.0;
  quantized.live.dead_logits[11] -= 512;
  const double more = std::log1p(std::exp(before - 4)) - std::log1p(std::exp(before)) + 4 * x;
  const Losses now = by_layer(network, quantized, images);
  for (std::size_t l = 0; l + 1 < kLayerCount; ++l) CHECK(now[l] == good[l]);
  CHECK(now[kDecoder2] - good[kDecoder2] == doctest::Approx(more).epsilon(1e-4));
}

}  // namespace
