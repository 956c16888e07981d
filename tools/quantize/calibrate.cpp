#include "tools/quantize/calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "tools/base/error.hpp"
#include "tools/base/threads.hpp"
#include "tools/format/layers.hpp"
#include "tools/format/pack.hpp"

namespace picovae::tools {
namespace {

constexpr Purpose kCalibration = Purpose::kUserDefined;  // epoch 0: posterior, 1: prior
constexpr std::size_t kPart = 200;                       // rows that a thread takes at a time

// A step of about the golden section that visits every one of `count` items, so that the first few
// visited are spread evenly, and so are those after them.
std::size_t spread_step(std::size_t count) {
  auto step = static_cast<std::size_t>(0.618 * static_cast<double>(count));
  while (std::gcd(step, count) != 1) ++step;
  return step;
}

float softplus(float v) { return std::max(v, 0.0F) + std::log1p(std::exp(-std::abs(v))); }

// outputs -> activations, in place; `largest` grows to the largest of each column.
void activate(AlignedRows<float>& outputs, std::vector<double>& largest) {
  largest.resize(outputs.width());
  for (std::size_t row = 0; row < outputs.rows(); ++row) {
    float* values = outputs.row(row);
    for (std::size_t i = 0; i < outputs.width(); ++i) {
      values[i] = softplus(values[i]);
      largest[i] = std::max(largest[i], static_cast<double>(values[i]));
    }
  }
}

}  // namespace

Calibration::Calibration(const Network& network, std::span<const std::uint8_t> images,
                         const CalibrationOptions& options, const Kernels& kernels)
    : blob_(pack_float(network)), options_(options), kernels_(kernels) {
  if (kernels.f32 == nullptr) fail("the {} kernels cannot run float models", kernels.name);
  if (const Status status = open_blob(blob_.bytes(), dimensions_of(network), view_);
      status != Status::kOk) {
    fail("the model cannot be calibrated: {}", message(status));
  }
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

AlignedRows<float> Calibration::run(const AlignedRows<float>& x) const {
  Dense layer = view_.layers[layer_];
  layer.activation = Activation::kIdentity;
  AlignedRows<float> y(x.rows(), layer.out);
  parallel_for(options_.threads, (x.rows() + kPart - 1) / kPart, [&](std::size_t part) {
    const std::size_t first = part * kPart;
    kernels_.f32(layer, x.row(first), x.stride(), y.row(first), y.stride(),
                 std::min(kPart, x.rows() - first));
  });
  return y;
}

Calibration::LayerTrace Calibration::next() {
  LayerTrace trace{run(x_), {}};
  if (layer_activation(layer_) == Activation::kSoftplus) {
    x_ = trace.outputs;
    activate(x_, trace.largest);
    if (prior_.rows() > 0) {
      prior_ = run(prior_);
      activate(prior_, trace.largest);
    }
  } else if (layer_ == kEncoderHeads) {
    draw_latents(trace.outputs);
  }
  ++layer_;
  return trace;
}

void Calibration::draw_latents(const AlignedRows<float>& heads) {
  const std::size_t latent = view_.header->dimensions.latent;
  x_ = AlignedRows<float>(heads.rows(), latent);
  prior_ = AlignedRows<float>(heads.rows(), latent);
  latents_ = AlignedRows<std::int16_t>(heads.rows(), latent);
  std::vector<std::int16_t> eps(latent);
  for (std::size_t row = 0; row < heads.rows(); ++row) {
    const auto item = static_cast<std::uint32_t>(row);
    normals(options_.seed, kCalibration, 0, item, eps.data(), latent);
    for (std::size_t i = 0; i < latent; ++i) {
      const float sigma = std::exp(0.5F * heads.row(row)[latent + i]);
      const float z = heads.row(row)[i] + sigma * LatentMath<Float>::from_normal(eps[i]);
      const float bounded =
          std::clamp(z * (1 << kNormalBits), -float{kMaxLatent}, float{kMaxLatent});
      x_.row(row)[i] = z;
      latents_.row(row)[i] = static_cast<std::int16_t>(std::lround(bounded));
    }
    normals(options_.seed, kCalibration, 1, item, eps.data(), latent);
    for (std::size_t i = 0; i < latent; ++i) {
      prior_.row(row)[i] = LatentMath<Float>::from_normal(eps[i]);
    }
  }
}

}  // namespace picovae::tools
