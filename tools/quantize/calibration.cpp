#include "tools/quantize/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "tools/measure/elbo.hpp"

namespace picovae::tools {
namespace {

constexpr Purpose kCalibration = Purpose::kUserDefined;  // epoch 0: posterior, 1: prior

// A step of about the golden section that visits every one of `count` items, so that the first few
// visited are spread evenly, and so are those after them.
std::size_t spread_step(std::size_t count) {
  auto step = static_cast<std::size_t>(0.618 * static_cast<double>(count));
  while (std::gcd(step, count) != 1) ++step;
  return step;
}

}  // namespace

Calibration::Calibration(const Network& network, std::span<const std::uint8_t> images,
                         const CalibrationOptions& options, const Kernels& kernels)
    : options_(options),
      activation_(network.activation),
      dimensions_(dimensions_of(network)),
      kernels_(kernels) {
  for (const DenseWeights& layer : engine_layers(network)) layers_.emplace_back(layer, kernels);
  const std::size_t given = images.size() / network.pixels;
  const std::size_t count = std::min(options.images, given);
  const std::size_t step = spread_step(given);
  x_ = AlignedRows<float>(count, network.pixels);
  pixels_ = AlignedRows<std::uint8_t>(count, network.pixels);
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint8_t* image = images.data() + row * step % given * network.pixels;
    for (std::size_t i = 0; i < network.pixels; ++i) {
      x_.row(row)[i] = static_cast<float>(image[i]) / 255.0F;
      pixels_.row(row)[i] = image[i] >> 1;
    }
  }
}

Calibration::LayerTrace Calibration::next() {
  if (!has_layer(dimensions_, next_)) {
    ++next_;
    return {};
  }
  const FloatLayer& layer = layers_[next_];
  LayerTrace trace{layer.outputs(x_, options_.threads), {}};
  if (prior_.rows() > 0) trace.prior_outputs = layer.outputs(prior_, options_.threads);
  if (is_hidden_layer(next_)) {
    x_ = trace.outputs;
    apply_hidden(x_, activation_, kernels_);
    prior_ = trace.prior_outputs;
    apply_hidden(prior_, activation_, kernels_);
  } else if (next_ == kEncoderHeads) {
    draw_latents(trace.outputs);
  }
  ++next_;
  return trace;
}

void Calibration::draw_latents(const AlignedRows<float>& heads) {
  const std::size_t latent = heads.width() / 2;
  x_ = AlignedRows<float>(heads.rows(), latent);
  if (options_.prior) prior_ = AlignedRows<float>(heads.rows(), latent);
  latents_ = AlignedRows<std::int16_t>(heads.rows(), latent);
  std::vector<std::int16_t> eps(latent);
  for (std::size_t row = 0; row < heads.rows(); ++row) {
    const auto item = static_cast<std::uint32_t>(row);
    normals(options_.seed, kCalibration, 0, item, eps.data(), latent);
    for (std::size_t i = 0; i < latent; ++i) {
      const float sigma = sigma_of(heads.row(row)[latent + i]);
      const float z = heads.row(row)[i] + sigma * LatentMath<Float>::from_normal(eps[i]);
      const float bounded =
          std::clamp(z * (1 << kNormalBits), -float{kMaxLatent}, float{kMaxLatent});
      x_.row(row)[i] = z;
      latents_.row(row)[i] = static_cast<std::int16_t>(std::lround(bounded));
    }
    if (!options_.prior) continue;
    normals(options_.seed, kCalibration, 1, item, eps.data(), latent);
    for (std::size_t i = 0; i < latent; ++i) {
      prior_.row(row)[i] = LatentMath<Float>::from_normal(eps[i]);
    }
  }
}

}  // namespace picovae::tools
