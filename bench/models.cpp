#include "models.hpp"

#include <cmath>
#include <map>

#include "picovae/blob.hpp"
#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "tools/format/network.hpp"
#include "tools/format/pack.hpp"
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
tools::Network make_network() {
  tools::Network network;
  network.pixels = S::kPixels;
  network.hidden1 = S::kHidden1;
  network.hidden2 = S::kHidden2;
  network.latent = S::kLatent;
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

// Mostly black, as digits are.
std::vector<std::uint8_t> make_images(std::size_t count, std::uint32_t item) {
  std::vector<std::uint8_t> pixels;
  for (const std::uint32_t word : words(item, count * S::kPixels)) {
    pixels.push_back(word % 5 == 0 ? static_cast<std::uint8_t>(word >> 24) : std::uint8_t{0});
  }
  return pixels;
}

tools::BlobBytes pack_s8() {
  constexpr std::size_t kCount = 200;
  const auto quantized =
      tools::quantize_network(network(), make_images(kCount, kCalibration),
                              {.images = kCount, .seed = kSeed, .threads = 1}, select_kernels());
  return tools::pack_s8(quantized.network, Layout::kHost, kEncoderPart | kDecoderPart, {});
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

std::vector<double> compute_reference(Task task) {
  const auto layers = tools::engine_layers(network());
  std::vector<double> x;
  if (task == Task::kEncode) {
    const auto pixels = real_images(kMaxBatch);
    x.assign(pixels.begin(), pixels.end());
  } else if (task == Task::kDecode) {
    const auto z = real_latents(kMaxBatch);
    x.assign(z.begin(), z.end());
  } else {
    const std::vector<double>& heads = reference(Task::kEncode);
    for (std::size_t row = 0; row < kMaxBatch; ++row) {
      const auto mu = heads.begin() + static_cast<std::ptrdiff_t>(row * 2 * S::kLatent);
      x.insert(x.end(), mu, mu + S::kLatent);
    }
  }
  const std::size_t first = task == Task::kEncode ? kEncoder0 : kDecoder0;
  for (std::size_t i = first; i < first + 3; ++i) {
    const Activation activation = i == kDecoder2 ? Activation::kSigmoid : layer_activation(i);
    x = run_layer(layers[i], activation, x, kMaxBatch);
  }
  return x;
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

tools::BlobBytes pack(Type type) {
  return type == Type::kS8 ? pack_s8() : tools::pack_float(network(), type);
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

const tools::Network& network() {
  static const tools::Network made = make_network();
  return made;
}

const std::vector<std::uint8_t>& images() {
  static const std::vector<std::uint8_t> made = make_images(kMaxBatch, kImages);
  return made;
}

const std::vector<std::int16_t>& latents() {
  static const std::vector<std::int16_t> made = [] {
    std::vector<std::int16_t> z(kMaxBatch * S::kLatent);
    normals(kSeed, Purpose::kPrior, 0, 0, z.data(), z.size());
    return z;
  }();
  return made;
}

std::vector<float> real_images(std::size_t batch) {
  std::vector<float> real;
  for (std::size_t i = 0; i < batch * S::kPixels; ++i) {
    real.push_back(static_cast<float>(images()[i]) / 255.0f);
  }
  return real;
}

std::vector<float> real_latents(std::size_t batch) {
  std::vector<float> real;
  for (std::size_t i = 0; i < batch * S::kLatent; ++i) {
    real.push_back(static_cast<float>(latents()[i]) / (1 << kNormalBits));
  }
  return real;
}

const std::vector<double>& reference(Task task) {
  static std::map<Task, std::vector<double>> computed;
  auto& result = computed[task];
  if (result.empty()) result = compute_reference(task);
  return result;
}

}  // namespace picovae::bench
