// The f32 model on a host: seven dense layers, their names in a safetensors file, and the six
// layers that the engine makes of them.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/base/names.hpp"
#include "tools/format/class_gaussians.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {

// What hidden layers may have, by the name of options and files.
inline constexpr std::array<Named<Activation>, 2> kActivations{{
    {"softplus", Activation::kSoftplus},
    {"relu", Activation::kRelu},
}};
inline constexpr std::string_view kActivationKey =
    "picovae.activation";  // metadata, if not softplus

struct DenseWeights {
  std::size_t in = 0, out = 0;
  std::vector<float> weight;  // [out][in], row-major as PyTorch holds it
  std::vector<float> bias;    // [out]
};

// [in], the sum of squares of each input's weights: how far it reaches into the layer.
std::vector<double> input_squares(const DenseWeights& layer);

// pixels -> hidden1 -> hidden2 -> latent (two heads), and back the same way; without the layers
// between the hidden ones, encoder1 and decoder1, if hidden2 is 0.
struct Network {
  std::size_t pixels = 0, hidden1 = 0, hidden2 = 0, latent = 0;
  DenseWeights encoder0, encoder1, mu, logvar, decoder0, decoder1, decoder2;
  Activation activation = Activation::kSoftplus;  // of hidden layers
  ClassGaussians classes;                         // empty if they were not fitted
  std::size_t columns = 0;                        // of an image; 0 if not known
  std::map<std::string, std::string> metadata;    // hyperparameters, figures: anything

  // As the shape is written: the second hidden layer only if there is one.
  std::vector<std::size_t> sizes() const {
    if (hidden2 == 0) return {pixels, hidden1, latent};
    return {pixels, hidden1, hidden2, latent};
  }
};

// The name of a layer's tensors (name.weight [out, in] and name.bias [out]), its member of Network,
// and the sizes that it joins.
struct NetworkLayer {
  std::string_view name;
  DenseWeights Network::*weights;
  std::size_t Network::*out;
  std::size_t Network::*in;
};

// In the order in which they are written.
inline constexpr std::array<NetworkLayer, 7> kNetworkLayers{{
    {"encoder.0", &Network::encoder0, &Network::hidden1, &Network::pixels},
    {"encoder.1", &Network::encoder1, &Network::hidden2, &Network::hidden1},
    {"encoder.mu", &Network::mu, &Network::latent, &Network::hidden2},
    {"encoder.logvar", &Network::logvar, &Network::latent, &Network::hidden2},
    {"decoder.0", &Network::decoder0, &Network::hidden2, &Network::latent},
    {"decoder.1", &Network::decoder1, &Network::hidden1, &Network::hidden2},
    {"decoder.2", &Network::decoder2, &Network::pixels, &Network::hidden1},
}};

// Those of a network of one hidden layer.
inline constexpr std::array<NetworkLayer, 5> kOneHiddenLayers{{
    {"encoder.0", &Network::encoder0, &Network::hidden1, &Network::pixels},
    {"encoder.mu", &Network::mu, &Network::latent, &Network::hidden1},
    {"encoder.logvar", &Network::logvar, &Network::latent, &Network::hidden1},
    {"decoder.0", &Network::decoder0, &Network::hidden1, &Network::latent},
    {"decoder.2", &Network::decoder2, &Network::pixels, &Network::hidden1},
}};

// The layers that a network has.
inline std::span<const NetworkLayer> network_layers(bool has_hidden2) {
  if (has_hidden2) return kNetworkLayers;
  return kOneHiddenLayers;
}
inline std::span<const NetworkLayer> network_layers(const Network& network) {
  return network_layers(network.hidden2 != 0);
}

// Whether a tensor of a file is an extra, of no layer.
inline bool is_extra(std::string_view name) { return name.starts_with("picovae."); }

// Reads a model from the bytes of a safetensors file; `name` is the file's, for messages. The sizes
// are those of the tensors. Fails if a tensor is missing, does not fit the others, or is neither a
// layer's nor an extra (of which those of classes are read). Models of other programs are refused
// by what they are.
Network parse_network(std::span<const std::byte> bytes, std::string_view name);
Network load_network(const std::filesystem::path& path);

// The content of a model's file; `name` is the file's, for messages. Fails if the layers' sizes do
// not agree.
SafetensorsFile to_safetensors(const Network& network, std::string_view name);

// Writes a model, whole or not at all; equal networks give equal bytes. Fails if the layers' sizes
// do not agree or a value is not finite.
void save_network(const std::filesystem::path& path, const Network& network);

// The name of the first tensor with a value that is not finite, as in a file; none if all are.
std::optional<std::string> first_not_finite(const Network& network);

// The sizes as the engine holds them. Fails if a layer is wider than the engine allows.
Dimensions dimensions_of(const Network& network);

// The network as the engine sees it, indexed by picovae::Layer: the encoder's two heads are one
// layer, whose rows are mu's, then logvar's.
std::array<DenseWeights, kLayerCount> engine_layers(const Network& network);

inline constexpr std::array<std::string_view, kLayerCount> kLayerNames = {
    "encoder.0", "encoder.1", "encoder.heads", "decoder.0", "decoder.1", "decoder.2"};

}  // namespace picovae::tools
