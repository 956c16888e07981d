// The f32 model on a host: seven dense layers and their names in a safetensors file.
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

#include "tools/format/class_gaussians.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {

struct DenseWeights {
  std::size_t in = 0, out = 0;
  std::vector<float> weight;  // [out][in], row-major as PyTorch holds it
  std::vector<float> bias;    // [out]
};

// pixels -> hidden1 -> hidden2 -> latent (two heads), and back the same way.
struct Network {
  std::size_t pixels = 0, hidden1 = 0, hidden2 = 0, latent = 0;
  DenseWeights encoder0, encoder1, mu, logvar, decoder0, decoder1, decoder2;
  ClassGaussians classes;                       // empty where nobody fitted them
  std::map<std::string, std::string> metadata;  // hyperparameters, figures: anything
};

// Where a layer stands in a Network, what its tensors are called (name.weight [out, in] and
// name.bias [out]), and which of the network's sizes it joins.
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

// pixels, hidden1, hidden2, latent: the order of PICOVAE_SHAPE.
using NetworkShape = std::array<std::size_t, 4>;

// Reads a model from the bytes of a safetensors file; `name` stands for the path in messages. The
// shape is what the tensors say. Fails where a tensor is missing, does not fit the others, or is
// known neither as a layer nor as an extra (picovae.*, of which classes are taken).
Network parse_network(std::span<const std::byte> bytes, std::string_view name);
Network load_network(const std::filesystem::path& path);

// The content of a model's file; `name` stands for its path in messages. Fails where the layers'
// sizes do not agree.
SafetensorsFile to_safetensors(const Network& network, std::string_view name);

// Writes a model, whole or not at all; equal networks give equal bytes. Fails where the layers'
// sizes do not agree or a value is not finite.
void save_network(const std::filesystem::path& path, const Network& network);

// The name of the first tensor with a value that is not finite, as in a file.
std::optional<std::string> first_not_finite(const Network& network);

// Fails where `network`, read from `path`, has another shape than the one these tools are built
// for; the message says how to build for it.
void check_shape(const Network& network, const NetworkShape& wanted,
                 const std::filesystem::path& path);

}  // namespace picovae::tools
