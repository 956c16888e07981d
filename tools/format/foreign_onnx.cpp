#include "tools/format/foreign_onnx.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/format/layer_names.hpp"
#include "tools/format/onnx_flow.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {
namespace {

constexpr std::string_view kSigmoid = "sigmoid";

bool is_hidden(const FlowLayer& layer) {
  return !layer.activation.empty() && layer.activation != kSigmoid;
}

// One half of a model, layer by layer as values go through it.
class Walk {
 public:
  Walk(const OnnxFlow& flow, std::string_view name) : flow_(flow), name_(name) {}

  // Hidden layers from the pixels on.
  void follow_encoder() {
    std::vector<std::size_t> next = takers(FlowSource::kInput);
    while (next.size() == 1 && is_hidden(at(next[0]))) {
      order.push_back(next[0]);
      next = takers(FlowSource::kLayer, next[0]);
    }
    heads = next;
    if (heads.empty() || heads.size() > 2) {
      fail("{}: {} layers take what {} gives; expected mu and logvar, or one layer of both", name_,
           heads.size(),
           order.empty() ? "the input" : "the node " + quote_name(at(order.back()).node));
    }
    for (const std::size_t head : heads) {
      if (!at(head).activation.empty()) {
        fail(
            "{}: the node {} is followed by {}; expected mu and logvar as they are, from the same "
            "layer: is this the encoder?",
            name_, quote_name(at(head).node), at(head).activation);
      }
    }
    order.insert(order.end(), heads.begin(), heads.end());
  }

  // Hidden layers from the latents on, and that of the pixels.
  void follow_decoder(FlowSource source) {
    std::vector<std::size_t> next = takers(source);
    while (true) {
      if (next.empty() && !order.empty()) {
        fail("{}: ends in {} after the node {}; expected logits or a sigmoid", name_,
             at(order.back()).activation, quote_name(at(order.back()).node));
      }
      if (next.size() != 1) {
        fail("{}: {} layers take what {} gives; expected one more of the decoder", name_,
             next.size(),
             order.empty() ? "the input" : "the node " + quote_name(at(order.back()).node));
      }
      order.push_back(next[0]);
      if (!is_hidden(at(next[0]))) return;
      next = takers(FlowSource::kLayer, next[0]);
    }
  }

  const FlowLayer& at(std::size_t layer) const { return flow_.layers[layer]; }

  std::vector<std::size_t> takers(FlowSource source, std::size_t before = 0) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < flow_.layers.size(); ++i) {
      const FlowLayer& layer = at(i);
      if (layer.source != source) continue;
      if (source == FlowSource::kLayer && layer.before != before) continue;
      found.push_back(i);
    }
    return found;
  }

  // Fails if layers are left over.
  void check_all(std::size_t others) const {
    if (order.size() + others == flow_.layers.size()) return;
    fail("{}: has {} dense layers, but only {} from the input to the output", name_,
         flow_.layers.size(), order.size() + others);
  }

  std::vector<std::size_t> order, heads;

 private:
  const OnnxFlow& flow_;
  std::string_view name_;
};

bool says_mu(std::string_view name) {
  return name_contradicts(name, "encoder.logvar") && !name_contradicts(name, "encoder.mu");
}
bool says_logvar(std::string_view name) {
  return name_contradicts(name, "encoder.mu") && !name_contradicts(name, "encoder.logvar");
}

// Which outputs are mu: those that latents are drawn from, else those that the graph's outputs say.
std::optional<FlowPart> mu_of(const OnnxFlow& flow, const Walk& walk) {
  if (flow.mu) return flow.mu;
  const auto is_head = [&](std::size_t layer) {
    return std::find(walk.heads.begin(), walk.heads.end(), layer) != walk.heads.end();
  };
  for (const FlowOutput& output : flow.outputs) {
    if (is_head(output.part.layer) && says_mu(output.name)) return output.part;
  }
  for (const FlowOutput& output : flow.outputs) {
    if (!is_head(output.part.layer) || !says_logvar(output.name)) continue;
    FlowPart other = output.part;
    if (walk.heads.size() == 2) {
      other.layer = walk.heads[other.layer == walk.heads[0] ? 1 : 0];
    } else {
      other.first = other.first == 0 ? other.count : 0;
    }
    return other;
  }
  return std::nullopt;
}

void name_heads(const OnnxFlow& flow, const Walk& walk, ForeignModel& model,
                std::string_view name) {
  const auto mu = mu_of(flow, walk);
  if (!mu) return;
  const auto& heads = walk.heads;
  const bool joined = heads.size() == 1;
  const FlowLayer& layer = walk.at(mu->layer);
  const std::size_t out = layer.layer.dense.out;
  const FlowPart first{mu->layer, 0, joined ? out / 2 : out};
  const FlowPart second{joined || mu->layer != heads[0] ? heads[0] : heads[1], joined ? out / 2 : 0,
                        first.count};
  const FlowPart& logvar = joined && *mu == second ? first : second;
  const bool is_head = std::find(heads.begin(), heads.end(), mu->layer) != heads.end();
  if (!is_head || (*mu != first && !(joined && *mu == second)) ||
      (flow.logvar && *flow.logvar != logvar)) {
    fail("{}: takes what is no head, or half of one, of the node {} for mu, or for logvar", name,
         quote_name(layer.node));
  }
  if (joined) {
    model.roles[layer.layer.name] = mu->first == 0 ? kMuFirst : kLogvarFirst;
    return;
  }
  model.roles[layer.layer.name] = "encoder.mu";
  model.roles[walk.at(logvar.layer).layer.name] = "encoder.logvar";
}

void add_half(const Walk& walk, std::string_view name, ForeignModel& model) {
  for (const std::size_t i : walk.order) {
    const FlowLayer& layer = walk.at(i);
    if (is_hidden(layer)) {
      if (!model.activation.empty() && model.activation != layer.activation) {
        fail("{}: the node {} is followed by {}, others by {}; expected one activation", name,
             quote_name(layer.node), layer.activation, model.activation);
      }
      model.activation = layer.activation;
    }
    model.sigmoid = model.sigmoid || layer.activation == kSigmoid;
    model.layers.push_back(layer.layer);
  }
}

// What the graphs say of places, which shapes and names need not say again.
void name_places(const Walk& encoder, const Walk& decoder, ForeignModel& model) {
  const std::size_t heads = encoder.heads.size();
  const std::size_t hidden = encoder.order.size() - heads;
  if (hidden < 1 || hidden > 2 || decoder.order.size() != hidden + 1) return;
  const auto layers = network_layers(hidden == 2);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    if (i >= hidden && i < hidden + heads) continue;
    const std::size_t role = i < hidden ? i : i - heads + 2;
    model.roles[model.layers[i].name] = layers[role].name;
  }
}

// picovae export writes some metadata of its own.
std::map<std::string, std::string> metadata_of(const OnnxModel& model) {
  auto metadata = model.metadata;
  std::erase_if(metadata, [](const auto& entry) {
    return entry.first.starts_with("picovae.") && entry.first != "picovae.columns";
  });
  return metadata;
}

struct NamedFlow {
  OnnxFlow flow;
  std::string_view name;
};

// `decoder` may be the same flow, which then draws latents.
ForeignModel join(const NamedFlow& encoder, const NamedFlow& decoder) {
  const bool whole = &encoder == &decoder;
  Walk first(encoder.flow, encoder.name), second(decoder.flow, decoder.name);
  first.follow_encoder();
  second.follow_decoder(whole ? FlowSource::kLatents : FlowSource::kInput);
  first.check_all(whole ? second.order.size() : 0);
  if (!whole) second.check_all(0);
  ForeignModel model;
  name_heads(encoder.flow, first, model, encoder.name);
  add_half(first, encoder.name, model);
  add_half(second, decoder.name, model);
  name_places(first, second, model);
  if (encoder.flow.logvar) model.log_sigma = encoder.flow.log_sigma;
  return model;
}

// If a name is in both halves, theirs are longer.
void name_apart(OnnxFlow& encoder, OnnxFlow& decoder) {
  const auto clashes = [&](const FlowLayer& layer) {
    return std::any_of(decoder.layers.begin(), decoder.layers.end(), [&](const FlowLayer& other) {
      return other.layer.name == layer.layer.name;
    });
  };
  if (std::none_of(encoder.layers.begin(), encoder.layers.end(), clashes)) return;
  for (FlowLayer& layer : encoder.layers) layer.layer.name.insert(0, "encoder.");
  for (FlowLayer& layer : decoder.layers) layer.layer.name.insert(0, "decoder.");
}

}  // namespace

ForeignModel foreign_onnx(const NamedOnnx& whole) {
  const NamedFlow both{follow_onnx(whole.model, whole.name), whole.name};
  const auto& layers = both.flow.layers;
  if (std::none_of(layers.begin(), layers.end(),
                   [](const FlowLayer& layer) { return layer.source == FlowSource::kLatents; })) {
    fail("{}: draws no latents; a half alone? picovae import encoder.onnx decoder.onnx takes both",
         whole.name);
  }
  ForeignModel model = join(both, both);
  model.metadata = metadata_of(whole.model);
  return model;
}

ForeignModel foreign_onnx(const NamedOnnx& encoder, const NamedOnnx& decoder) {
  NamedFlow first{follow_onnx(encoder.model, encoder.name), encoder.name};
  NamedFlow second{follow_onnx(decoder.model, decoder.name), decoder.name};
  name_apart(first.flow, second.flow);
  ForeignModel model = join(first, second);
  model.metadata = metadata_of(encoder.model);
  return model;
}

}  // namespace picovae::tools
