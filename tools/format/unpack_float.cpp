#include "tools/format/unpack_float.hpp"

#include <cstdint>

#include "half.hpp"
#include "picovae/layout.hpp"

namespace picovae::tools {
namespace {

// Element `index` of packed weights.
float weight_at(Type type, const void* weights, std::size_t index) {
  if (type == Type::kF32) return static_cast<const float*>(weights)[index];
  const std::uint16_t bits = static_cast<const std::uint16_t*>(weights)[index];
  return type == Type::kF16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

// Outputs first .. first + count - 1 of a layer; none of a layer that is not there.
DenseWeights unpack(const Dense& dense, Type type, std::size_t first, std::size_t count) {
  if (dense.weights == nullptr) return {};
  DenseWeights layer{dense.in, count, {}, {}};
  for (std::size_t output = first; output < first + count; ++output) {
    for (std::size_t input = 0; input < dense.in; ++input) {
      layer.weight.push_back(
          weight_at(type, dense.weights,
                    packed_index(Layout::kHost, type, dense.in, dense.out, output, input)));
    }
    layer.bias.push_back(static_cast<const float*>(dense.bias)[output]);
  }
  return layer;
}

}  // namespace

Network unpack_float(const BlobView& view) {
  const BlobHeader& header = *view.header;
  const auto layer = [&](Layer index) {
    return unpack(view.layers[index], header.type, 0, view.layers[index].out);
  };
  Network network;
  network.pixels = header.dimensions.pixels;
  network.hidden1 = header.dimensions.hidden1;
  network.hidden2 = header.dimensions.hidden2;
  network.latent = header.dimensions.latent;
  network.columns = header.columns;
  network.activation = hidden_activation(header);
  network.encoder0 = layer(kEncoder0);
  network.encoder1 = layer(kEncoder1);
  const Dense& heads = view.layers[kEncoderHeads];
  network.mu = unpack(heads, header.type, 0, network.latent);
  network.logvar = unpack(heads, header.type, network.latent, network.latent);
  network.decoder0 = layer(kDecoder0);
  network.decoder1 = layer(kDecoder1);
  network.decoder2 = layer(kDecoder2);
  return network;
}

}  // namespace picovae::tools
