#include "tools/quantize/quantize_network.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/default_arithmetic.hpp"
#include "tools/base/error.hpp"
#include "tools/base/fixed_math.hpp"
#include "tools/quantize/activation_ranges.hpp"
#include "tools/quantize/calibration.hpp"
#include "tools/quantize/least_squares.hpp"
#include "tools/quantize/quantize_layer.hpp"
#include "tools/quantize/run_layer.hpp"

namespace picovae::tools {
namespace {

// Found by experiment; the loss is flat around them.
constexpr double kRidge = 0.3;        // pull towards the float weights
constexpr double kRidge4 = 0.03;      // the same for weights of 4 bits
constexpr double kDamping = 0.05;     // of the rounding
constexpr double kLeastRange = 0.03;  // share of the layer's widest range that every unit's has

constexpr std::size_t kHeldOut = 1000;  // images for the SQNR; at least a tenth of a small set

// The rescales that make `greatest` of each unit's range.
std::vector<std::int16_t> choose_rescales(const std::vector<double>& ranges,
                                          std::uint8_t greatest) {
  const double least = kLeastRange * *std::max_element(ranges.begin(), ranges.end());
  std::vector<std::int16_t> rescales;
  for (const double value : ranges) {
    const double range = std::max(value, least);
    const double rescale = std::floor(std::ldexp(1.0, 15 - kSoftplusBits) * greatest / range);
    rescales.push_back(static_cast<std::int16_t>(std::clamp(rescale, 1.0, 32767.0)));
  }
  return rescales;
}

template <typename T>
AlignedRows<float> to_float(const AlignedRows<T>& samples) {
  AlignedRows<float> result(samples.rows(), samples.width());
  for (std::size_t row = 0; row < samples.rows(); ++row) {
    std::copy_n(samples.row(row), samples.width(), result.row(row));
  }
  return result;
}

// Signal to quantization noise in dB over rows first, first + 1, ...; finite also for outputs that
// are exact or zero.
double sqnr(const AlignedRows<float>& expected, const AlignedRows<std::int16_t>& outputs,
            const std::vector<int>& bits, std::size_t first) {
  double signal = 0;
  double noise = 0;
  for (std::size_t row = first; row < expected.rows(); ++row) {
    for (std::size_t j = 0; j < expected.width(); ++j) {
      const double w = expected.row(row)[j];
      const double error = std::ldexp(static_cast<double>(outputs.row(row)[j]), -bits[j]) - w;
      signal += w * w;
      noise += error * error;
    }
  }
  constexpr double kLeast = 1e-20;
  const double ratio = std::max(signal, kLeast) / std::max(noise, kLeast);
  return 10 / std::numbers::ln10 * fixed::log(ratio);
}

// The layer without the inputs or the outputs that are dead.
//   mask  of them; empty: none is
DenseWeights live_inputs(const DenseWeights& layer, const std::vector<std::uint8_t>& mask) {
  if (mask.empty()) return layer;
  DenseWeights live{layer.in - LiveMasks::dead(mask), layer.out, {}, layer.bias};
  for (std::size_t i = 0; i < layer.weight.size(); ++i) {
    if (mask[i % layer.in] != 0) live.weight.push_back(layer.weight[i]);
  }
  return live;
}
DenseWeights live_outputs(const DenseWeights& layer, const std::vector<std::uint8_t>& mask) {
  if (mask.empty()) return layer;
  DenseWeights live{layer.in, layer.out - LiveMasks::dead(mask), {}, {}};
  for (std::size_t i = 0; i < layer.weight.size(); ++i) {
    if (mask[i / layer.in] != 0) live.weight.push_back(layer.weight[i]);
  }
  for (std::size_t j = 0; j < layer.out; ++j) {
    if (mask[j] != 0) live.bias.push_back(layer.bias[j]);
  }
  return live;
}

// How many images are fitted, and how many further ones measured.
struct Split {
  std::size_t fitted, held_out;
};

Split split(std::size_t given, std::size_t most) {
  if (given < 2 || most == 0) fail("calibration needs at least two training images");
  const std::size_t fitted = std::min(most, given - (given + 9) / 10);
  return {fitted, std::min(kHeldOut, given - fitted)};
}

// Walks the layers with the integer inputs that they will see.
class Quantizer {
 public:
  Quantizer(const Network& network, std::span<const std::uint8_t> images,
            const QuantizeOptions& options, const Kernels& kernels)
      : options_(options),
        kernels_(kernels),
        split_(split(images.size() / network.pixels, options.images)),
        units_(choose_ranges(
            network, images,
            {.seed = options.seed, .threads = options.threads, .greatest = options.greatest},
            kernels)),
        calibration_(network, images,
                     {.images = split_.fitted + split_.held_out,
                      .seed = options.seed,
                      .threads = options.threads},
                     kernels),
        layers_(engine_layers(network)) {
    result_.network.dimensions = dimensions_of(network);
    result_.network.activation = network.activation;
    result_.network.live = options.live;
    layers_[kEncoder0] = live_inputs(layers_[kEncoder0], options.live.inputs);
    layers_[kDecoder2] = live_outputs(layers_[kDecoder2], options.live.outputs);
    result_.images = split_.fitted;
    result_.held_out = split_.held_out;
  }

  Quantized run(const std::function<void(double)>& progress) {
    AlignedRows<std::uint8_t> x = live_columns(calibration_.pixels(), result_.network.live.inputs);
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      if (progress) progress(static_cast<double>(i) / static_cast<double>(kLayerCount));
      const auto index = static_cast<Layer>(i);
      if (!has_layer(result_.network.dimensions, index)) {
        calibration_.next();
        continue;
      }
      x = has_wide_input(index) ? run_layer(index, calibration_.latents()) : run_layer(index, x);
    }
    if (progress) progress(1);
    return std::move(result_);
  }

 private:
  // Quantizes a layer and returns its activations: the next layer's inputs.
  template <typename X>
  AlignedRows<std::uint8_t> run_layer(Layer index, const AlignedRows<X>& x) {
    auto trace = calibration_.next();
    if (index == kDecoder2) {
      trace.outputs = live_columns(trace.outputs, result_.network.live.outputs);
    }
    raise_outputs(trace.outputs, units_[index].raise);
    const Moments moments =
        compute_moments(to_float(x), trace.outputs, result_.images, kernels_, options_.threads);
    check_finite(index, moments);
    const int bits = index < kDecoder0 ? 8 : options_.decoder_bits;
    const std::vector<double> weights =
        fit_weights(moments, scaled_weights(index), bits == 4 ? kRidge4 : kRidge, options_.threads);
    QuantizedLayer& layer = result_.network.layers[index];
    layer = quantize_layer(index, weights, moments, kDamping, options_.threads, bits,
                           options_.greatest);
    const bool rescaled = is_hidden_layer(index);
    if (rescaled) layer.rescale = choose_rescales(units_[index].range, options_.greatest);
    layer.raise = units_[index].raise;

    const IntegerLayer integer(layer, index, result_.network.activation, kernels_);
    result_.layers[index] = {kLayerNames[index],
                             sqnr(trace.outputs, integer.outputs(x, options_.threads),
                                  output_bits(index, layer.out), result_.images)};
    if (!rescaled) return {};
    return integer.activations(x, options_.threads);
  }

  // [out][in]: real output for each step of an integer input.
  std::vector<double> scaled_weights(Layer index) const {
    const DenseWeights& layer = layers_[index];
    std::vector<double> steps = input_steps(result_.network, index);
    if (index != kEncoder0 && index != kDecoder0) {
      const auto& gain = units_[layer_before(result_.network.dimensions, index)].gain;
      for (std::size_t i = 0; i < steps.size(); ++i) steps[i] *= gain[i];
    }
    std::vector<double> weights(layer.weight.begin(), layer.weight.end());
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= steps[i % layer.in];
    return weights;
  }

  static void check_finite(Layer index, const Moments& moments) {
    const auto finite = [](double v) { return std::isfinite(v); };
    if (!std::all_of(moments.cross.begin(), moments.cross.end(), finite)) {
      fail("{}: its float outputs are not finite; train with a smaller --lr", kLayerNames[index]);
    }
  }

  QuantizeOptions options_;
  const Kernels& kernels_;
  Split split_;
  std::array<UnitRanges, kLayerCount> units_;
  Calibration calibration_;
  std::array<DenseWeights, kLayerCount> layers_;
  Quantized result_;
};

}  // namespace

Quantized quantize_network(const Network& network, std::span<const std::uint8_t> images,
                           const QuantizeOptions& options, const Kernels& kernels,
                           const std::function<void(double)>& progress) {
  const DefaultArithmetic arithmetic;
  return Quantizer(network, images, options, kernels).run(progress);
}

}  // namespace picovae::tools
