#include "tools/train/centering.hpp"

#include <algorithm>
#include <array>
#include <numbers>
#include <vector>

#include "tools/base/fixed_math.hpp"

namespace picovae::tools {
namespace {

constexpr float kPixelScale = 2;                               // pixels in about -1 .. 1
constexpr double kLeastMean = 1e-3;                            // of a pixel, for its first logit
constexpr float kSoftplusCenter = std::numbers::ln2_v<float>;  // softplus(0)
constexpr float kReluCenter = 0.4F;                            // its mean over N(0, 1)

// The layers whose inputs are hidden activations.
constexpr std::array<DenseWeights Network::*, 5> kAboveHidden{
    &Network::encoder1, &Network::mu, &Network::logvar, &Network::decoder1, &Network::decoder2};

AlignedFloats padded(std::size_t size) { return AlignedFloats(round_up(size, kPerLine<float>)); }

}  // namespace

Centering no_centering(std::size_t pixels) { return {padded(pixels), 1, 0}; }

Centering centering_of(std::span<const std::uint8_t> images, std::size_t pixels, PixelMode mode,
                       Activation hidden) {
  const std::size_t count = images.size() / pixels;
  if (mode == PixelMode::kStochastic) mode = PixelMode::kGray;  // the same on average
  std::array<double, 256> values;
  for (std::size_t p = 0; p < values.size(); ++p) {
    values[p] = pixel_value(static_cast<std::uint8_t>(p), mode, 0);
  }
  std::vector<double> sums(pixels);
  for (std::size_t image = 0; image < count; ++image) {
    for (std::size_t i = 0; i < pixels; ++i) sums[i] += values[images[image * pixels + i]];
  }
  Centering centering{padded(pixels), kPixelScale, is_relu(hidden) ? kReluCenter : kSoftplusCenter};
  for (std::size_t i = 0; i < pixels; ++i) {
    centering.pixel_mean.data()[i] = static_cast<float>(sums[i] / static_cast<double>(count));
  }
  return centering;
}

void start_at_mean(const Centering& centering, Network& network) {
  for (std::size_t i = 0; i < network.pixels; ++i) {
    const double mean =
        std::clamp<double>(centering.pixel_mean.data()[i], kLeastMean, 1 - kLeastMean);
    network.decoder2.bias[i] = static_cast<float>(fixed::log(mean / (1 - mean)));
  }
}

void fold(const Centering& centering, Network& network) {
  const float* mean = centering.pixel_mean.data();
  DenseWeights& first = network.encoder0;
  for (std::size_t o = 0; o < first.out; ++o) {
    double moved = first.bias[o];
    for (std::size_t i = 0; i < first.in; ++i) {
      float& weight = first.weight[o * first.in + i];
      weight *= centering.pixel_scale;
      moved -= static_cast<double>(weight) * static_cast<double>(mean[i]);
    }
    first.bias[o] = static_cast<float>(moved);
  }
  for (const auto member : kAboveHidden) {
    DenseWeights& layer = network.*member;
    for (std::size_t o = 0; o < layer.out; ++o) {
      double moved = layer.bias[o];
      for (std::size_t i = 0; i < layer.in; ++i) {
        moved -= static_cast<double>(layer.weight[o * layer.in + i]) *
                 static_cast<double>(centering.hidden);
      }
      layer.bias[o] = static_cast<float>(moved);
    }
  }
}

}  // namespace picovae::tools
