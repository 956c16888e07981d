#include "tools/format/onnx_layer_nodes.hpp"

#include <cstdint>
#include <set>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/foreign_model.hpp"
#include "tools/format/layer_names.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {

void OnnxLayerNodes::gemm() {
  if (attribute<float>("alpha", 1) != 1 || attribute<float>("beta", 1) != 1 ||
      attribute<std::int64_t>("transA", 0) != 0) {
    refuse("has an alpha, beta or transA; expected 1, 1 and 0");
  }
  add_layer(attribute<std::int64_t>("transB", 0) != 0);
  if (has_input(2)) set_bias(flow_.layers.size() - 1, floats(2));
}

void OnnxLayerNodes::matmul() { add_layer(false); }

void OnnxLayerNodes::add_layer(bool rows_are_outputs) {
  Signal x = signal(0);
  const Floats& weights = floats(1);
  const auto& shape = weights.constant->shape;
  if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0) {
    refuse("has weights of shape {}; expected two sides", format_shape(shape));
  }
  const bool upright = rows_are_outputs != weights.transposed;
  FlowLayer layer;
  layer.node = node_->name;
  DenseWeights& dense = layer.layer.dense;
  dense.out = shape[upright ? 0 : 1];
  dense.in = shape[upright ? 1 : 0];
  if (node_->op == "Gemm" && x.shape.empty()) x.shape = {0, 0};
  if (x.shape.empty()) refuse("takes an input whose shape the file does not say");
  if (x.last() != dense.in && !(x.meaning == Meaning::kInput && x.last() == 0)) {
    refuse("has weights of {} inputs, but takes {}", dense.in, x.last());
  }
  take_source(x, layer);
  const auto values = weights.values();
  dense.weight.assign(values.begin(), values.end());
  if (!upright) dense.weight = transposed(dense.weight, shape[0], shape[1]);
  dense.bias.assign(dense.out, 0);
  layer.layer.transposed = !upright;
  const TensorName tensor = split_tensor_name(weights.name);
  if (tensor.kind == TensorKind::kWeight) layer.layer.name = tensor.layer;
  results_.push_back(output());

  Signal sums{Meaning::kSums, x.shape, {flow_.layers.size(), 0, dense.out}};
  sums.shape.back() = dense.out;
  flow_.layers.push_back(std::move(layer));
  give(std::move(sums));
}

void OnnxLayerNodes::take_source(const Signal& x, FlowLayer& layer) {
  if (x.meaning == Meaning::kInput) {
    if (!taken_) taken_ = x.part.layer;
    if (*taken_ != x.part.layer) refuse("takes another input than the layers before");
    layer.source = FlowSource::kInput;
  } else if (x.meaning == Meaning::kActive && is_whole(x)) {
    layer.source = FlowSource::kLayer;
    layer.before = x.part.layer;
  } else if (x.meaning == Meaning::kLatents) {
    layer.source = FlowSource::kLatents;
  } else if (x.meaning == Meaning::kSums && x.scale == 1) {  // latents are mu
    set_latents(x.part, std::nullopt, false);
    layer.source = FlowSource::kLatents;
  } else {
    refuse("takes what is neither an input, nor a hidden layer, nor latents");
  }
}

bool OnnxLayerNodes::is_whole(const Signal& signal) const {
  const std::size_t out = flow_.layers[signal.part.layer].layer.dense.out;
  return signal.part.first == 0 && signal.part.count == out && signal.last() == out;
}

void OnnxLayerNodes::set_bias(std::size_t index, const Floats& bias) {
  ForeignLayer& layer = flow_.layers[index].layer;
  const auto values = bias.values();
  const auto& shape = bias.constant->shape;
  if (values.size() != layer.dense.out || shape.empty() || shape.back() != layer.dense.out) {
    refuse("adds a constant of shape {} to {} outputs", format_shape(shape), layer.dense.out);
  }
  layer.dense.bias.assign(values.begin(), values.end());
  settled_.insert(index);
  const TensorName tensor = split_tensor_name(bias.name);
  if (layer.name.empty() && tensor.kind == TensorKind::kBias) layer.name = tensor.layer;
}

void OnnxLayerNodes::activate() {
  Signal x = signal(0);
  FlowLayer* layer = x.meaning == Meaning::kSums ? &flow_.layers[x.part.layer] : nullptr;
  if (layer == nullptr || x.part.count != layer->layer.dense.out || x.scale != 1) {
    refuse("is not of all outputs of a dense layer");
  }
  if (!layer->activation.empty()) refuse("is the second one of its layer");
  layer->activation = lower_case(node_->op);
  x.meaning = Meaning::kActive;
  give(std::move(x));
}

void OnnxLayerNodes::set_latents(FlowPart mu, std::optional<FlowPart> logvar, bool log_sigma) {
  if (logvar && logvar->count != mu.count) {
    refuse("adds {} values of noise to {}", logvar->count, mu.count);
  }
  if (flow_.mu && (*flow_.mu != mu || flow_.logvar != logvar || flow_.log_sigma != log_sigma)) {
    refuse("takes other latents");
  }
  flow_.mu = mu;
  flow_.logvar = logvar;
  flow_.log_sigma = log_sigma;
}

void OnnxLayerNodes::name_layers() {
  std::set<std::string> names;
  for (std::size_t i = 0; i < flow_.layers.size(); ++i) {
    ForeignLayer& layer = flow_.layers[i].layer;
    if (layer.name.empty() || names.contains(layer.name)) layer.name = results_[i];
    if (!names.insert(layer.name).second) {
      fail("{}: two layers are named {}", name_, quote_name(layer.name));
    }
  }
}

}  // namespace picovae::tools
