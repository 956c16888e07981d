#include "tools/format/network.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/foreign_model.hpp"
#include "tools/format/layer_chain.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {
namespace {

using TensorsByName = std::unordered_map<std::string, Tensor>;
using Shape = std::vector<std::size_t>;

std::string weight_name(const NetworkLayer& layer) { return fmt::format("{}.weight", layer.name); }
std::string bias_name(const NetworkLayer& layer) { return fmt::format("{}.bias", layer.name); }

Tensor& require(TensorsByName& tensors, const std::string& key) {
  return tensors.find(key)->second;  // check_names has seen it
}

// The layers that a file is meant to have: two hidden layers each way if it has anything between
// them.
std::span<const NetworkLayer> layers_of(const TensorsByName& tensors) {
  return network_layers(std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) {
    return entry.first.starts_with("encoder.1.") || entry.first.starts_with("decoder.1.");
  }));
}

// Fails on anything but the tensors of the layers and picovae.*: a stray tensor means that the file
// holds another model than this one.
void check_names(const TensorsByName& tensors, std::span<const NetworkLayer> layers,
                 std::string_view name) {
  for (const NetworkLayer& layer : layers) {
    for (const auto& key : {weight_name(layer), bias_name(layer)}) {
      if (!tensors.contains(key)) {
        fail("{}: the tensor {} is missing; save all {} layers", name, key,
             layers.size() == kNetworkLayers.size() ? "seven" : "five");
      }
    }
  }
  std::size_t extras = 0;
  for (const auto& [key, tensor] : tensors) extras += is_extra(key) ? 1 : 0;
  if (tensors.size() - extras == 2 * layers.size()) return;
  for (const auto& [key, tensor] : tensors) {
    bool known = is_extra(key);
    for (const NetworkLayer& layer : layers) {
      known = known || key == weight_name(layer) || key == bias_name(layer);
    }
    if (!known) {
      fail("{}: the tensor {} belongs to no layer; name extras picovae.* or leave them out", name,
           quote_name(key));
    }
  }
}

// Takes the sizes of the network from the weights of the encoder.
Network sized_network(TensorsByName& tensors, std::span<const NetworkLayer> layers,
                      std::string_view name) {
  Network network;
  const std::size_t encoder_layers = layers.size() / 2;  // up to encoder.mu
  for (std::size_t i = 0; i < encoder_layers; ++i) {
    const NetworkLayer& layer = layers[i];
    const std::string key = weight_name(layer);
    const Shape& shape = require(tensors, key).shape;
    if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0) {
      fail("{}: the tensor {} has shape {}; expected [out, in], each at least 1", name, key,
           format_shape(shape));
    }
    if (i == 0) network.pixels = shape[1];
    network.*layer.out = shape[0];
  }
  return network;
}

std::vector<float> take(TensorsByName& tensors, const std::string& key, const Shape& expected,
                        std::string_view name) {
  Tensor& tensor = require(tensors, key);
  if (tensor.shape != expected) {
    fail("{}: the tensor {} has shape {}; expected {} to fit the other layers", name, key,
         format_shape(tensor.shape), format_shape(expected));
  }
  return std::move(tensor.data);
}

constexpr std::string_view kColumnsKey = "picovae.columns";

// The columns of an image by the metadata; 0 if they are not there or do not divide the pixels.
std::size_t columns_in(const std::map<std::string, std::string>& metadata, std::size_t pixels) {
  const auto found = metadata.find(std::string(kColumnsKey));
  if (found == metadata.end()) return 0;
  const std::size_t columns = parse_number<std::size_t>(found->second).value_or(0);
  return columns != 0 && pixels % columns == 0 ? columns : 0;
}

// The activation of hidden layers by the metadata. Another than those here would be another model.
Activation activation_in(const std::map<std::string, std::string>& metadata,
                         std::string_view name) {
  const auto found = metadata.find(std::string(kActivationKey));
  if (found == metadata.end()) return Activation::kSoftplus;
  if (const auto known = named(kActivations, found->second)) return *known;
  fail("{}: {} is {}; it can be softplus or relu", name, kActivationKey, quote_name(found->second));
}

// "fc1.bias", "fc1.weight", ...
std::string list_names(std::span<const Tensor> tensors) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors.first(std::min(tensors.size(), kMost))) {
    names.push_back(quote_name(tensor.name));
  }
  return joined(names, ", ") + (tensors.size() > kMost ? ", ..." : "");
}

// Fails if another program wrote the file: with what it is, and the command that reads it.
void refuse_foreign(const SafetensorsFile& file, std::string_view name) {
  const auto is_ours = [](const Tensor& tensor) { return tensor.name.starts_with("encoder.mu."); };
  if (file.tensors.empty() || std::any_of(file.tensors.begin(), file.tensors.end(), is_ours)) {
    return;
  }
  std::string found = fmt::format("a model of another program, {}", list_names(file.tensors));
  try {
    const auto layers = foreign_model(file, name).layers;
    if (const std::string shape = chain_shape(layers); !shape.empty()) {
      found = fmt::format("{} under other names, {}", shape, list_layers(layers));
    }
  } catch (const Error&) {  // of a tensor that import, too, complains of
  }
  fail("{}: is {}; run picovae import {} --out model.safetensors", name, found, name);
}

Network from_tensors(SafetensorsFile file, std::string_view name) {
  refuse_foreign(file, name);
  for (const std::string& other : file.others) {
    if (!is_extra(other)) fail("{}: the tensor {} holds no floats", name, quote_name(other));
  }
  TensorsByName tensors;
  for (Tensor& tensor : file.tensors) {
    std::string key = tensor.name;
    // parse_class_tensors reads the extras: they stay in the file.
    tensors.emplace(std::move(key), is_extra(tensor.name) ? Tensor{} : std::move(tensor));
  }
  const auto layers = layers_of(tensors);
  check_names(tensors, layers, name);
  Network network = sized_network(tensors, layers, name);
  for (const NetworkLayer& layer : layers) {
    const std::size_t out = network.*layer.out;
    const std::size_t in = network.*layer.in;
    auto weight = take(tensors, weight_name(layer), {out, in}, name);
    auto bias = take(tensors, bias_name(layer), {out}, name);
    network.*layer.weights = {in, out, std::move(weight), std::move(bias)};
  }
  network.classes = parse_class_tensors(file.tensors, network.latent, name);
  network.columns = columns_in(file.metadata, network.pixels);
  network.activation = activation_in(file.metadata, name);
  network.metadata = std::move(file.metadata);
  return network;
}

}  // namespace

std::vector<double> input_squares(const DenseWeights& layer) {
  std::vector<double> squares(layer.in);
  for (std::size_t i = 0; i < layer.weight.size(); ++i) {
    const double weight = layer.weight[i];
    squares[i % layer.in] += weight * weight;
  }
  return squares;
}

Network parse_network(std::span<const std::byte> bytes, std::string_view name) {
  if (starts_as_blob(bytes)) {
    fail("{}: is a .pvae, packed already; give the .safetensors model that it was made from", name);
  }
  refuse_other_formats(bytes, name);
  return from_tensors(parse_safetensors(bytes, name), name);
}

Network load_network(const std::filesystem::path& path) {
  return parse_network(read_model(path), path.string());
}

SafetensorsFile to_safetensors(const Network& network, std::string_view name) {
  SafetensorsFile file;
  file.metadata = network.metadata;
  if (network.columns != 0) {
    file.metadata[std::string(kColumnsKey)] = fmt::format("{}", network.columns);
  }
  file.metadata.erase(std::string(kActivationKey));
  if (is_relu(network.activation)) {
    file.metadata[std::string(kActivationKey)] = name_of(kActivations, network.activation);
  }
  for (const NetworkLayer& layer : network_layers(network)) {
    const DenseWeights& weights = network.*layer.weights;
    const std::size_t out = network.*layer.out;
    const std::size_t in = network.*layer.in;
    if (weights.out != out || weights.in != in) {
      fail("{}: the layer {} has shape [{}, {}]; expected [{}, {}]; it is not written", name,
           layer.name, weights.out, weights.in, out, in);
    }
    file.tensors.push_back({weight_name(layer), {out, in}, weights.weight});
    file.tensors.push_back({bias_name(layer), {out}, weights.bias});
  }
  const auto classes = class_tensors(network.classes);
  file.tensors.insert(file.tensors.end(), classes.begin(), classes.end());
  return file;
}

void save_network(const std::filesystem::path& path, const Network& network) {
  write_safetensors(path, to_safetensors(network, path.string()));
}

std::optional<std::string> first_not_finite(const Network& network) {
  const auto finite = [](float value) { return std::isfinite(value); };
  for (const NetworkLayer& layer : network_layers(network)) {
    const DenseWeights& dense = network.*layer.weights;
    for (const auto& [kind, values] : {std::pair{"weight", &dense.weight}, {"bias", &dense.bias}}) {
      if (!std::all_of(values->begin(), values->end(), finite)) {
        return fmt::format("{}.{}", layer.name, kind);
      }
    }
  }
  return std::nullopt;
}

Dimensions dimensions_of(const Network& network) {
  const std::size_t inner = network.hidden2 != 0 ? network.hidden2 : network.hidden1;
  for (const std::size_t width : {network.pixels, network.hidden1, inner, 2 * network.latent}) {
    if (width == 0 || width > kMaxWidth) {
      fail("a layer of the model has {} outputs; the engine takes 1 to {}: train a narrower model",
           width, kMaxWidth);
    }
  }
  const auto narrow = [](std::size_t size) { return static_cast<std::uint16_t>(size); };
  return {narrow(network.pixels), narrow(network.hidden1), narrow(network.hidden2),
          narrow(network.latent)};
}

std::array<DenseWeights, kLayerCount> engine_layers(const Network& network) {
  DenseWeights heads = network.mu;
  const DenseWeights& logvar = network.logvar;
  heads.out += logvar.out;
  heads.weight.insert(heads.weight.end(), logvar.weight.begin(), logvar.weight.end());
  heads.bias.insert(heads.bias.end(), logvar.bias.begin(), logvar.bias.end());
  return {network.encoder0, network.encoder1, std::move(heads),
          network.decoder0, network.decoder1, network.decoder2};
}

}  // namespace picovae::tools
