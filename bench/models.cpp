#include "models.hpp"

#include <fmt/format.h>

#include <cmath>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "tools/format/network.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/shape_text.hpp"
#include "tools/quantize/quantize_network.hpp"

namespace picovae::bench {
namespace {

constexpr std::uint64_t kSeed = 1;

// Items of Purpose::kUserDefined.
enum : std::uint32_t { kImages = 100, kCalibration = 101 };

// Uniform words, from a stream that nothing else uses.
std::vector<std::uint32_t> words(std::uint32_t item, std::size_t count) {
  std::vector<std::uint32_t> result(count);
  uniforms(kSeed, Purpose::kUserDefined, 0, item, result.data(), count);
  return result;
}

// Uniform on [-limit, limit].
void fill(std::vector<float>& values, std::size_t count, float limit, std::uint32_t item) {
  for (const std::uint32_t word : words(item, count)) {
    values.push_back(limit * static_cast<float>(static_cast<std::int32_t>(word)) * 0x1p-31f);
  }
}

// Weights that keep the outputs of a layer near one.
tools::Network make_network(Dimensions shape) {
  tools::Network network;
  network.pixels = shape.pixels;
  network.hidden1 = shape.hidden1;
  network.hidden2 = shape.hidden2;
  network.latent = shape.latent;
  std::uint32_t item = 0;
  for (const tools::NetworkLayer& entry : tools::kNetworkLayers) {
    tools::DenseWeights& layer = network.*entry.weights;
    layer.in = network.*entry.in;
    layer.out = network.*entry.out;
    fill(layer.weight, layer.in * layer.out, std::sqrt(3.0f / static_cast<float>(layer.in)),
         item++);
    fill(layer.bias, layer.out, 0.1f, item++);
  }
  return network;
}

// [count] values, mostly black, as digits are.
std::vector<std::uint8_t> make_pixels(std::size_t count, std::uint32_t item) {
  std::vector<std::uint8_t> pixels;
  for (const std::uint32_t word : words(item, count)) {
    pixels.push_back(word % 5 == 0 ? static_cast<std::uint8_t>(word >> 24) : std::uint8_t{0});
  }
  return pixels;
}

// The first `count` of `values` said again and again.
template <typename T>
std::vector<T> repeat(const std::vector<T>& values, std::size_t count) {
  std::vector<T> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = values[i % values.size()];
  return result;
}

template <typename T>
std::vector<float> real(const std::vector<T>& values, float unit) {
  std::vector<float> result;
  for (const T value : values) result.push_back(static_cast<float>(value) / unit);
  return result;
}

// One layer over `rows` rows.
std::vector<double> run_layer(const tools::DenseWeights& layer, Activation activation,
                              const std::vector<double>& x, std::size_t rows) {
  std::vector<double> y;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t j = 0; j < layer.out; ++j) {
      double sum = layer.bias[j];
      for (std::size_t k = 0; k < layer.in; ++k) {
        sum += static_cast<double>(layer.weight[j * layer.in + k]) * x[row * layer.in + k];
      }
      y.push_back(activation == Activation::kSoftplus
                      ? std::fmax(sum, 0.0) + std::log1p(std::exp(-std::fabs(sum)))
                  : activation == Activation::kSigmoid ? 1 / (1 + std::exp(-sum))
                                                       : sum);
    }
  }
  return y;
}

}  // namespace

const char* name(Task task) {
  switch (task) {
    case Task::kEncode:
      return "encode";
    case Task::kDecode:
      return "decode";
    case Task::kForward:
      break;
  }
  return "forward";
}

std::string name(Dimensions shape) { return tools::shape_text(shape); }

std::size_t multiply_adds(Dimensions shape, Task task) {
  const auto layers = layer_sizes(shape);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const bool runs = i < kDecoder0 ? task != Task::kDecode : task != Task::kEncode;
    if (runs) sum += std::size_t{layers[i].in} * layers[i].out;
  }
  return sum;
}

double tolerance(Type type) {
  switch (type) {
    case Type::kF32:
      return 1e-4;
    case Type::kF16:
      return 2e-3;
    case Type::kBf16:
      return 2e-2;
    case Type::kS8:  // of a network of random weights, calibrated on 200 random images
      break;
  }
  return 0.1;
}

Subject::Subject(Dimensions shape)
    : shape_(shape),
      network_(make_network(shape)),
      images_(make_pixels(kDistinct * shape.pixels, kImages)),
      latents_(kDistinct * shape.latent) {
  normals(kSeed, Purpose::kPrior, 0, 0, latents_.data(), latents_.size());
}

tools::BlobBytes Subject::pack(Type type) const {
  if (type != Type::kS8) return tools::pack_float(network_, type);
  constexpr std::size_t kCount = 200;
  const auto quantized =
      tools::quantize_network(network_, make_pixels(kCount * shape_.pixels, kCalibration),
                              {.images = kCount, .seed = kSeed, .threads = 1}, select_kernels());
  return tools::pack_s8(quantized.network, Layout::kHost, kEncoderPart | kDecoderPart, {});
}

std::vector<std::uint8_t> Subject::images(std::size_t batch) const {
  return repeat(images_, batch * shape_.pixels);
}
std::vector<std::int16_t> Subject::latents(std::size_t batch) const {
  return repeat(latents_, batch * shape_.latent);
}
std::vector<float> Subject::real_images(std::size_t batch) const {
  return real(images(batch), 255);
}
std::vector<float> Subject::real_latents(std::size_t batch) const {
  return real(latents(batch), 1 << kNormalBits);
}

const std::vector<double>& Subject::reference(Task task) const {
  auto& result = references_[task];
  if (result.empty()) result = compute_reference(task);
  return result;
}

std::vector<double> Subject::compute_reference(Task task) const {
  const auto layers = tools::engine_layers(network_);
  std::vector<double> x;
  if (task == Task::kEncode) {
    const auto pixels = real_images(kDistinct);
    x.assign(pixels.begin(), pixels.end());
  } else if (task == Task::kDecode) {
    const auto z = real_latents(kDistinct);
    x.assign(z.begin(), z.end());
  } else {
    const std::vector<double>& heads = reference(Task::kEncode);
    for (std::size_t row = 0; row < kDistinct; ++row) {
      const auto mu = heads.begin() + static_cast<std::ptrdiff_t>(row * 2 * shape_.latent);
      x.insert(x.end(), mu, mu + shape_.latent);
    }
  }
  const std::size_t first = task == Task::kEncode ? kEncoder0 : kDecoder0;
  for (std::size_t i = first; i < first + 3; ++i) {
    const Activation activation =
        i == kDecoder2 ? Activation::kSigmoid : layer_activation(i, Activation::kSoftplus);
    x = run_layer(layers[i], activation, x, kDistinct);
  }
  return x;
}

const Subject& subject(Dimensions shape) {
  static std::map<std::string, Subject> made;
  return made.try_emplace(name(shape), shape).first->second;
}

}  // namespace picovae::bench
