#include "tools/format/onnx_float.hpp"

#include <fmt/core.h>

#include <array>
#include <string>

namespace picovae::tools {
namespace {

constexpr std::string_view kHiddenActivation = "Softplus";

// An operator of ONNX on each element.
OnnxValue activate(OnnxGraph& graph, std::string_view op, const OnnxValue& x, std::string name) {
  return graph.node(op, std::array{x.name}, {std::move(name), OnnxType::kF32, x.width});
}

// The layer's affine map. Its weights stay [out, in], as in a safetensors file.
OnnxValue dense(OnnxGraph& graph, const OnnxValue& x, std::string_view layer,
                const DenseWeights& weights, std::string name) {
  const std::array inputs = {
      x.name,
      graph.constant(fmt::format("{}.weight", layer), {weights.out, weights.in},
                     std::span(weights.weight)),
      graph.constant(fmt::format("{}.bias", layer), {weights.out}, std::span(weights.bias))};
  return graph.node("Gemm", inputs, {std::move(name), OnnxType::kF32, weights.out},
                    {{"transB", std::int64_t{1}}});
}

OnnxValue hidden(OnnxGraph& graph, const OnnxValue& x, std::string_view layer,
                 const DenseWeights& weights) {
  const OnnxValue sum = dense(graph, x, layer, weights, fmt::format("{}.sum", layer));
  return activate(graph, kHiddenActivation, sum, fmt::format("{}.activation", layer));
}

}  // namespace

OnnxFile onnx_encoder(const Network& network, const OnnxMetadata& metadata) {
  OnnxGraph graph("encoder",
                  "The encoder of a variational autoencoder, q(z|x): images to the mean and the "
                  "log variance of each latent. z = mu + exp(logvar / 2) * eps, eps of N(0, 1).");
  graph.describe(metadata);
  OnnxValue x = graph.input("pixels", OnnxType::kF32, network.pixels,
                            "Images, row-major: 0 (black) to 1 (white), u8 / 255");
  x = hidden(graph, x, "encoder.0", network.encoder0);
  x = hidden(graph, x, "encoder.1", network.encoder1);
  graph.output(dense(graph, x, "encoder.mu", network.mu, "mu"), "Mean of each latent");
  graph.output(dense(graph, x, "encoder.logvar", network.logvar, "logvar"),
               "Logarithm of the variance of each latent");
  return graph.file();
}

OnnxFile onnx_decoder(const Network& network, const OnnxMetadata& metadata) {
  OnnxGraph graph("decoder",
                  "The decoder of a variational autoencoder, p(x|z): latents to images. z of "
                  "N(0, 1) draws new images; z = mu of the encoder reconstructs one.");
  graph.describe(metadata);
  OnnxValue x = graph.input("z", OnnxType::kF32, network.latent, "Latents");
  x = hidden(graph, x, "decoder.0", network.decoder0);
  x = hidden(graph, x, "decoder.1", network.decoder1);
  const OnnxValue logits = dense(graph, x, "decoder.2", network.decoder2, "logits");
  graph.output(logits, "Bernoulli logits of the pixels: what a cross-entropy is computed from");
  graph.output(activate(graph, "Sigmoid", logits, "pixels"),
               "Images, row-major: 0 (black) to 1 (white)");
  return graph.file();
}

}  // namespace picovae::tools
