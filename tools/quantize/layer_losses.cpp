#include "tools/quantize/layer_losses.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"
#include "tools/quantize/activation_ranges.hpp"
#include "tools/quantize/quantize_layer.hpp"
#include "tools/quantize/run_layer.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kPart = 100;  // images that a thread takes at a time

std::span<const float> part_of_row(const AlignedRows<float>& samples, std::size_t row,
                                   std::size_t first, std::size_t count) {
  return {samples.row(row) + first, count};
}

// A float model in which one layer may be an integer one.
class MixedModel {
 public:
  MixedModel(const Network& network, const QuantizedNetwork& quantized, const Kernels& kernels)
      : dimensions_(quantized.dimensions), quantized_(quantized), kernels_(kernels) {
    for (const DenseWeights& layer : engine_layers(network)) {
      float_layers_.emplace_back(layer, kernels);
    }
    for (std::size_t l = 0; l < kLayerCount; ++l) {
      integer_layers_.emplace_back(quantized.layers[l], static_cast<Layer>(l), quantized.activation,
                                   kernels);
    }
  }

  // The sum of the negative ELBOs of images first .. first + count - 1.
  double run(Layer integer, std::span<const std::uint8_t> images, const EvaluateOptions& options,
             std::size_t first, std::size_t count) const {
    const std::size_t pixels = dimensions_.pixels;
    const std::size_t latent = dimensions_.latent;
    AlignedRows<float> x(count, pixels);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t* image = images.data() + (first + i) * pixels;
      for (std::size_t p = 0; p < pixels; ++p) x.row(i)[p] = static_cast<float>(image[p]) / 255.0F;
    }
    AlignedRows<float> h = layer(kEncoder0, integer, x);
    if (has_layer(dimensions_, kEncoder1)) h = layer(kEncoder1, integer, h);
    const AlignedRows<float> heads = layer(kEncoderHeads, integer, h);

    double sum = 0;
    AlignedRows<float> z(count, latent);
    std::vector<std::int16_t> eps(latent);
    for (std::size_t i = 0; i < count; ++i) {
      const auto mu = part_of_row(heads, i, 0, latent);
      const auto logvar = part_of_row(heads, i, latent, latent);
      sum += gaussian_kl(mu, logvar);
      normals(options.seed, Purpose::kPosterior, 0, static_cast<std::uint32_t>(first + i),
              eps.data(), latent);
      for (std::size_t k = 0; k < latent; ++k) {
        z.row(i)[k] = mu[k] + sigma_of(logvar[k]) * LatentMath<Float>::from_normal(eps[k]);
      }
    }
    h = layer(kDecoder0, integer, z);
    if (has_layer(dimensions_, kDecoder1)) h = layer(kDecoder1, integer, h);
    const AlignedRows<float> logits = layer(kDecoder2, integer, h);
    for (std::size_t i = 0; i < count; ++i) {
      sum +=
          bernoulli_cross_entropy(part_of_row(logits, i, 0, pixels), part_of_row(x, i, 0, pixels));
    }
    return sum;
  }

 private:
  // A layer's outputs; logits in the last.
  AlignedRows<float> layer(Layer index, Layer integer, const AlignedRows<float>& x) const {
    AlignedRows<float> y =
        index == integer ? run_integer(index, x) : float_layers_[index].outputs(x, 1);
    if (!is_hidden_layer(index)) return y;
    // The float layers know of no raised units, the next integer layer does.
    const std::vector<double>& raise = quantized_.layers[index].raise;
    if (index == integer) raise_outputs(y, raise, -1);
    if (layer_after(dimensions_, index) == integer) raise_outputs(y, raise);
    apply_hidden(y, quantized_.activation, kernels_);
    return y;
  }

  AlignedRows<float> run_integer(Layer index, const AlignedRows<float>& all) const {
    const LiveMasks& live = quantized_.live;
    const std::vector<double> steps = input_steps(quantized_, index);
    const AlignedRows<float> x = index == kEncoder0 ? live_columns(all, live.inputs) : all;
    const IntegerLayer& layer = integer_layers_[index];
    // p / 2 - 1/4 rounds to p >> 1, for even and odd p.
    const double less = index == kEncoder0 ? 0.25 : 0;
    const AlignedRows<std::int16_t> fixed =
        has_wide_input(index)
            ? layer.outputs(rounded<std::int16_t>(x, steps, less, -kMaxLatent, kMaxLatent), 1)
            : layer.outputs(rounded<std::uint8_t>(x, steps, less, 0, layer.greatest_input()), 1);
    const std::vector<int> bits = output_bits(index, fixed.width());
    AlignedRows<float> y(fixed.rows(), fixed.width());
    for (std::size_t row = 0; row < y.rows(); ++row) {
      for (std::size_t j = 0; j < y.width(); ++j) {
        y.row(row)[j] = std::ldexp(static_cast<float>(fixed.row(row)[j]), -bits[j]);
      }
    }
    return index == kDecoder2 && !live.outputs.empty() ? spread_outputs(y) : y;
  }

  // The logits of all pixels, from those of the live ones.
  AlignedRows<float> spread_outputs(const AlignedRows<float>& live) const {
    const std::vector<std::uint8_t>& mask = quantized_.live.outputs;
    AlignedRows<float> all(live.rows(), mask.size());
    for (std::size_t row = 0; row < all.rows(); ++row) {
      const float* from = live.row(row);
      auto dead = quantized_.live.dead_logits.begin();
      for (std::size_t i = 0; i < mask.size(); ++i) {
        all.row(row)[i] =
            mask[i] != 0 ? *from++ : std::ldexp(static_cast<float>(*dead++), -kLogitBits);
      }
    }
    return all;
  }

  // x in steps, `less` of a step taken off before rounding.
  //   steps  [x.width()], of each column
  template <typename T>
  static AlignedRows<T> rounded(const AlignedRows<float>& x, std::span<const double> steps,
                                double less, int lowest, int highest) {
    AlignedRows<T> result(x.rows(), x.width());
    for (std::size_t i = 0; i < x.width(); ++i) {
      const double inverse = 1 / steps[i];
      for (std::size_t row = 0; row < x.rows(); ++row) {
        const auto q = std::lround(static_cast<double>(x.row(row)[i]) * inverse - less);
        result.row(row)[i] = static_cast<T>(std::clamp<long>(q, lowest, highest));
      }
    }
    return result;
  }

  Dimensions dimensions_;
  const QuantizedNetwork& quantized_;
  const Kernels& kernels_;
  std::vector<FloatLayer> float_layers_;
  std::vector<IntegerLayer> integer_layers_;
};

}  // namespace

std::array<double, kLayerCount> elbo_by_layer(const Network& network,
                                              const QuantizedNetwork& quantized,
                                              std::span<const std::uint8_t> images,
                                              const EvaluateOptions& options,
                                              const Kernels& kernels) {
  const MixedModel model(network, quantized, kernels);
  const std::size_t count = images.size() / network.pixels;
  std::vector<double> sums((count + kPart - 1) / kPart);
  std::array<double, kLayerCount> result{};
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    if (!has_layer(quantized.dimensions, l)) continue;
    parallel_parts(options.threads, count, kPart, [&](std::size_t first, std::size_t part) {
      sums[first / kPart] = model.run(static_cast<Layer>(l), images, options, first, part);
    });
    for (const double sum : sums) result[l] += sum / static_cast<double>(count);
    require_finite({result[l]}, fmt::format("the loss by {} alone", kLayerNames[l]));
  }
  return result;
}

}  // namespace picovae::tools
