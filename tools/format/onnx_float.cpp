#include "tools/format/onnx_float.hpp"

#include <fmt/core.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace picovae::tools {
namespace {

constexpr std::span kAll(kNetworkLayers);
constexpr std::span kEncoderHidden = kAll.subspan<0, 2>();
constexpr const NetworkLayer& kMu = kAll[2];
constexpr const NetworkLayer& kLogvar = kAll[3];
constexpr std::span kDecoderHidden = kAll.subspan<4, 2>();
constexpr const NetworkLayer& kLogits = kAll[6];

// An operator of ONNX on each element.
OnnxValue activate(OnnxGraph& graph, std::string_view op, const OnnxValue& x, std::string name) {
  return graph.node(op, std::array{x.name}, {std::move(name), OnnxType::kF32, x.width});
}

// The layer's affine map. Its weights stay [out, in], as in a safetensors file.
OnnxValue dense(OnnxGraph& graph, const OnnxValue& x, const Network& network,
                const NetworkLayer& layer, std::string name) {
  const DenseWeights& weights = network.*layer.weights;
  const std::array inputs = {
      x.name,
      graph.constant(fmt::format("{}.weight", layer.name), {weights.out, weights.in},
                     weights.weight),
      graph.constant(fmt::format("{}.bias", layer.name), {weights.out}, weights.bias)};
  return graph.node("Gemm", inputs, {std::move(name), OnnxType::kF32, weights.out},
                    {{"transB", std::int64_t{1}}});
}

OnnxValue hidden(OnnxGraph& graph, const OnnxValue& x, const Network& network,
                 const NetworkLayer& layer) {
  if ((network.*layer.weights).out == 0) return x;  // there is no such layer
  const OnnxValue sum = dense(graph, x, network, layer, fmt::format("{}.sum", layer.name));
  const auto* op = is_relu(network.activation) ? "Relu" : "Softplus";
  return activate(graph, op, sum, fmt::format("{}.activation", layer.name));
}

}  // namespace

OnnxFile onnx_encoder(const Network& network, const OnnxMetadata& metadata) {
  OnnxGraph graph("encoder",
                  "The encoder of a variational autoencoder, q(z|x): images to the mean and the "
                  "log variance of each latent. z = mu + exp(logvar / 2) * eps, eps of N(0, 1).");
  graph.describe(metadata);
  OnnxValue x = graph.input("pixels", OnnxType::kF32, network.pixels,
                            "Images, row-major: 0 (black) to 1 (white), u8 / 255");
  for (const NetworkLayer& layer : kEncoderHidden) x = hidden(graph, x, network, layer);
  graph.output(dense(graph, x, network, kMu, "mu"), "Mean of each latent");
  graph.output(dense(graph, x, network, kLogvar, "logvar"),
               "Logarithm of the variance of each latent");
  return graph.file();
}

OnnxFile onnx_decoder(const Network& network, const OnnxMetadata& metadata) {
  OnnxGraph graph("decoder",
                  "The decoder of a variational autoencoder, p(x|z): latents to images. z of "
                  "N(0, 1) draws new images; z = mu of the encoder reconstructs one.");
  graph.describe(metadata);
  OnnxValue x = graph.input("z", OnnxType::kF32, network.latent, "Latents");
  for (const NetworkLayer& layer : kDecoderHidden) x = hidden(graph, x, network, layer);
  const OnnxValue logits = dense(graph, x, network, kLogits, "logits");
  graph.output(logits, "Bernoulli logits of the pixels: what a cross-entropy is computed from");
  graph.output(activate(graph, "Sigmoid", logits, "pixels"),
               "Images, row-major: 0 (black) to 1 (white)");
  return graph.file();
}

}  // namespace picovae::tools
