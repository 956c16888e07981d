#include "tools/format/onnx_exact.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/ranges.hpp"
#include "requantize.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {
namespace {

// A function of t that is constant beyond +-kTailEnd, as a table of its values in between.
template <typename T, typename Function>
std::vector<T> tabulate(Function&& function) {
  std::vector<T> table;
  for (std::int32_t t = -kTailEnd; t <= kTailEnd; ++t) table.push_back(static_cast<T>(function(t)));
  return table;
}

// The contract's arithmetic on tensors of s32, in the order and with the names of FORMAT.md.
class Arithmetic {
 public:
  Arithmetic(OnnxGraph& graph, const QuantizedNetwork& network)
      : graph_(graph), greatest_(network.greatest()), relu_(is_relu(network.activation)) {}

  // All that follows is named "scope.something".
  void enter(std::string_view scope) { scope_ = scope; }

  std::string name(std::string_view what) const { return fmt::format("{}.{}", scope_, what); }

  OnnxValue apply(std::string_view op, std::initializer_list<std::string> inputs,
                  std::string_view result, std::size_t width, OnnxType type = OnnxType::kS32) {
    return graph_.node(op, std::vector(inputs), {name(result), type, width});
  }

  OnnxValue cast(const OnnxValue& x, OnnxType type, std::string_view result) {
    return graph_.node("Cast", std::array{x.name}, {name(result), type, x.width, x.rows},
                       {{"to", type}});
  }

  OnnxValue clip(const OnnxValue& x, std::int32_t low, std::int32_t high, std::string result) {
    const std::array inputs = {x.name, graph_.number(low), graph_.number(high)};
    return graph_.node("Clip", inputs, {std::move(result), x.type, x.width});
  }

  // x >> bits. Div rounds toward 0, but Mod has the sign of the divisor: x less the rest is the
  // multiple at or below x, of negative x as well.
  OnnxValue shift(const OnnxValue& x, int bits, std::string_view result) {
    if (bits == 0) return x;
    const std::string unit = graph_.number(1 << bits);
    const auto rest = apply("Mod", {x.name, unit}, fmt::format("{}.rest", result), x.width);
    const auto multiple =
        apply("Sub", {x.name, rest.name}, fmt::format("{}.multiple", result), x.width);
    return apply("Div", {multiple.name, unit}, result, x.width);
  }

  // table[t + kTailEnd] of t that is clipped to the table.
  OnnxValue look_up(const OnnxValue& t, const std::string& table, OnnxType type,
                    std::string result) {
    const auto near = clip(t, -kTailEnd, kTailEnd, name("near"));
    const auto index = apply("Add", {near.name, graph_.number(kTailEnd)}, "index", t.width);
    return graph_.node("Gather", std::array{table, index.name}, {std::move(result), type, t.width},
                       {{"axis", std::int64_t{0}}});
  }

  // t of a layer: sat16(((sum >> pre) * multiplier + bias) >> post).
  //   x       u8, or s32 latents
  //   result  the name of t
  OnnxValue dense(const QuantizedLayer& layer, const OnnxValue& x, std::string result) {
    std::vector<std::int32_t> multiplier(layer.multiplier.begin(), layer.multiplier.end());
    const std::string multipliers = graph_.constant(name("multiplier"), {layer.out}, multiplier);
    const std::string bias = graph_.constant(name("bias"), {layer.out}, layer.bias);
    const auto shifted = shift(sum(layer, x), layer.pre_shift, "shifted");
    const auto product = apply("Mul", {shifted.name, multipliers}, "product", layer.out);
    const auto scaled = apply("Add", {product.name, bias}, "scaled", layer.out);
    return clip(shift(scaled, layer.post_shift, "unsaturated"), -32768, 32767, std::move(result));
  }

  // A hidden layer: q = min(R(v, rescale), greatest).
  OnnxValue hidden(const QuantizedLayer& layer, std::string_view scope, const OnnxValue& x) {
    if (layer.out == 0) return x;  // there is no such layer
    enter(scope);
    const auto v = activation(dense(layer, x, name("t")));
    const std::vector<std::int32_t> rescale(layer.rescale.begin(), layer.rescale.end());
    const std::string scales = graph_.constant(name("rescale"), {layer.out}, rescale);
    const auto product = apply("Mul", {v.name, scales}, "rescaled", v.width);
    const auto half = apply("Add", {product.name, graph_.number(1 << 14)}, "half", v.width);
    // Nothing is negative here, so that Div is >>.
    const auto whole = apply("Div", {half.name, graph_.number(1 << 15)}, "whole", v.width);
    return cast(clip(whole, 0, greatest_, name("clipped")), OnnxType::kU8, "activation");
  }

 private:
  // Weights are [in, out], as the operators want them. On x86 runtimes add products of neighbors in
  // s16, as the engine's kernels do: verify_blob proves that they fit (FORMAT.md, "Ranges").
  OnnxValue sum(const QuantizedLayer& layer, const OnnxValue& x) {
    std::vector<std::int8_t> weight;
    for (std::size_t i = 0; i < layer.weight.size(); ++i) {
      weight.push_back(layer.weight[i % layer.out * layer.in + i / layer.out]);
    }
    const std::string weights = graph_.constant(name("weight"), {layer.in, layer.out}, weight);
    if (x.type == OnnxType::kU8) return apply("MatMulInteger", {x.name, weights}, "sum", layer.out);
    // The one layer whose input is wider than 8 bits. Runtimes make its weights s32 once.
    const auto wide = cast({weights, OnnxType::kS8, layer.out, layer.in}, x.type, "weight_s32");
    return apply("MatMul", {x.name, wide.name}, "sum", layer.out);
  }

  // v = 2 * min(max(t, 0), 16383) + G(a), Q.8; of ReLU without G. It is never above 32767.
  OnnxValue activation(const OnnxValue& t) {
    static_assert(2 * 16383 + softplus_tail(kTailEnd) <= 32767);
    const auto positive = clip(t, 0, 16383, name("positive"));
    auto twice = apply("Mul", {positive.name, graph_.number(2)}, relu_ ? "v" : "twice", t.width);
    if (relu_) return twice;
    const auto tail = look_up(t, softplus_table(), OnnxType::kS32, name("tail"));
    return apply("Add", {twice.name, tail.name}, "v", t.width);
  }

  const std::string& softplus_table() {
    if (softplus_table_.empty()) {
      const auto table =
          tabulate<std::int32_t>([](std::int32_t t) { return softplus_tail(tail_argument(t)); });
      softplus_table_ = graph_.constant("softplus_tail", {table.size()}, table);
    }
    return softplus_table_;
  }

  OnnxGraph& graph_;
  std::int32_t greatest_;
  bool relu_;
  std::string scope_, softplus_table_;
};

// The live pixels of images.
OnnxValue live_pixels(OnnxGraph& graph, const OnnxValue& pixels, const LiveMasks& live) {
  if (live.inputs.empty()) return pixels;
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < live.inputs.size(); ++i) {
    if (live.inputs[i] != 0) places.push_back(static_cast<std::int64_t>(i));
  }
  const std::string constant = graph.constant("pixels.places", {places.size()}, places);
  return graph.node("Gather", std::array{pixels.name, constant},
                    {"pixels.live", OnnxType::kU8, places.size()}, {{"axis", std::int64_t{1}}});
}

// The logits of all pixels: of live ones as computed, of dead ones their constants.
OnnxValue all_logits(OnnxGraph& graph, const OnnxValue& computed, const LiveMasks& live) {
  // A column of zeros behind the live logits; the dead ones take it, and then their constant.
  std::vector<std::int64_t> places;
  std::vector<std::int32_t> constants;
  std::size_t next = 0, dead = 0;
  for (const std::uint8_t alive : live.outputs) {
    places.push_back(static_cast<std::int64_t>(alive != 0 ? next++ : computed.width));
    constants.push_back(alive != 0 ? 0 : live.dead_logits[dead++]);
  }
  const std::array<std::int64_t, 4> pads = {0, 0, 0, 1};
  const std::array padding = {computed.name, graph.constant("logits.pads", {4}, pads)};
  const auto padded =
      graph.node("Pad", padding, {"logits.padded", OnnxType::kS32, computed.width + 1});
  const std::array gathered = {padded.name,
                               graph.constant("logits.places", {places.size()}, places)};
  const auto spread =
      graph.node("Gather", gathered, {"logits.spread", OnnxType::kS32, places.size()},
                 {{"axis", std::int64_t{1}}});
  const std::array added = {spread.name,
                            graph.constant("logits.dead", {constants.size()}, constants)};
  return graph.node("Add", added, {"logits", OnnxType::kS32, places.size()});
}

}  // namespace

OnnxFile onnx_encoder(const QuantizedNetwork& network, const OnnxMetadata& metadata) {
  OnnxGraph graph(
      "encoder",
      "The encoder of a variational autoencoder, q(z|x), in integers: the same bits as picovae's "
      "on every target. A reconstruction decodes z = clip((mu + 2) >> 2, -8191, 8191).");
  graph.describe(metadata);
  Arithmetic integers(graph, network);
  const OnnxValue pixels = graph.input("pixels", OnnxType::kU8, network.dimensions.pixels,
                                       "Images, row-major: 0 (black) to 255 (white)");
  const std::uint8_t one = 1;
  const OnnxValue live = live_pixels(graph, pixels, network.live);
  const std::array halving = {
      live.name, graph.constant("pixels.one", {}, std::span<const std::uint8_t>(&one, 1))};
  OnnxValue x = graph.node("BitShift", halving, {"pixels.halved", OnnxType::kU8, live.width},
                           {{"direction", "RIGHT"}});
  for (const Layer layer : {kEncoder0, kEncoder1}) {
    x = integers.hidden(network.layers[layer], kLayerNames[layer], x);
  }
  integers.enter(kLayerNames[kEncoderHeads]);
  const QuantizedLayer& heads = network.layers[kEncoderHeads];
  const OnnxValue t = integers.dense(heads, x, integers.name("t"));
  const std::size_t latent = network.dimensions.latent;
  const std::array<std::int64_t, 2> parts = {static_cast<std::int64_t>(latent),
                                             static_cast<std::int64_t>(latent)};
  const std::array split = {t.name, graph.constant(integers.name("parts"), {2}, parts)};
  const std::array<OnnxValue, 2> outputs = {
      {{"mu", OnnxType::kS32, latent}, {"logvar", OnnxType::kS32, latent}}};
  graph.node("Split", split, outputs, {{"axis", std::int64_t{1}}});
  graph.output(outputs[0], "Mean of each latent: q / 4096, q in -32768..32767");
  graph.output(outputs[1],
               "Logarithm of the variance of each latent: q / 1024, q in -32768..32767");
  return graph.file();
}

OnnxFile onnx_decoder(const QuantizedNetwork& network, const OnnxMetadata& metadata) {
  OnnxGraph graph(
      "decoder",
      "The decoder of a variational autoencoder, p(x|z), in integers: the same bits as picovae's "
      "on every target. z of N(0, 1) draws new images.");
  graph.describe(metadata);
  Arithmetic integers(graph, network);
  OnnxValue x = graph.input("z", OnnxType::kS32, network.dimensions.latent,
                            "Latents: q / 1024, q in -8191..8191; others are clipped to that");
  x = integers.clip(x, -kMaxLatent, kMaxLatent, "z.clipped");
  for (const Layer layer : {kDecoder0, kDecoder1}) {
    x = integers.hidden(network.layers[layer], kLayerNames[layer], x);
  }
  integers.enter(kLayerNames[kDecoder2]);
  const bool all_live = network.live.outputs.empty();
  OnnxValue logits =
      integers.dense(network.layers[kDecoder2], x, all_live ? "logits" : integers.name("t"));
  if (!all_live) logits = all_logits(graph, logits, network.live);
  graph.output(logits, "Bernoulli logits of the pixels: q / 128, q in -32768..32767");

  const auto table =
      tabulate<std::uint8_t>([](std::int32_t t) { return sigmoid_u8(t, sigmoid_tail); });
  const std::string sigmoid = graph.constant("sigmoid", {table.size()}, table);
  integers.enter("pixels");
  graph.output(integers.look_up(logits, sigmoid, OnnxType::kU8, "pixels"),
               "Images, row-major: 0 (black) to 255 (white)");
  return graph.file();
}

}  // namespace picovae::tools
