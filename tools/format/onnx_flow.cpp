#include "tools/format/onnx_flow.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/layer_names.hpp"
#include "tools/format/onnx_shapes.hpp"
#include "tools/format/onnx_values.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {
namespace {

class Follower : OnnxNodeView {
 public:
  Follower(const OnnxModel& model, std::string_view name) : OnnxNodeView(model, name) {
    for (const OnnxNode& node : model.nodes) {
      node_ = &node;
      follow();
    }
    finish(model.outputs);
  }

  OnnxFlow take() { return std::move(flow_); }

 private:
  // Sums that are taken by anything but Add have the bias that they will have.
  const Signal& signal(std::size_t i) {
    const auto& signal = input_as<Signal>(i, "result of a layer or input");
    if (signal.meaning == Meaning::kSums) settled_[signal.part.layer] = true;
    return signal;
  }

  void follow() {
    using Handler = void (Follower::*)();
    static const std::map<std::string_view, Handler> kHandlers = {
        {"Add", &Follower::add},
        {"Concat", &Follower::concat},
        {"Constant", &Follower::constant},
        {"ConstantOfShape", &Follower::blank},
        {"Div", &Follower::multiply},
        {"Exp", &Follower::exponential},
        {"Flatten", &Follower::flatten},
        {"Gather", &Follower::gather},
        {"Gemm", &Follower::gemm},
        {"Identity", &Follower::identity},
        {"MatMul", &Follower::matmul},
        {"Mul", &Follower::multiply},
        {"RandomNormal", &Follower::noise},
        {"RandomNormalLike", &Follower::noise},
        {"Relu", &Follower::activate},
        {"Reshape", &Follower::reshape},
        {"Shape", &Follower::shape},
        {"Sigmoid", &Follower::activate},
        {"Slice", &Follower::slice},
        {"Softplus", &Follower::activate},
        {"Split", &Follower::split},
        {"Sqrt", &Follower::root},
        {"Transpose", &Follower::transpose},
        {"Unsqueeze", &Follower::unsqueeze},
    };
    const auto handler = kHandlers.find(node_->op);
    if (handler == kHandlers.end()) {
      refuse(
          "is not understood: picovae has dense layers, softplus or ReLU, and a sigmoid at the "
          "end");
    }
    (this->*handler->second)();
  }

  // ---- constants

  void constant() {
    if (has_attribute("value_float")) {
      made_.push_back({{}, std::vector{attribute<float>("value_float", 0)}});
      give(Floats{output(), &made_.back()});
    } else if (has_attribute("value_int")) {
      give(OnnxSides{attribute<std::int64_t>("value_int", 0)});
    } else if (has_attribute("value_ints")) {
      made_.push_back({{}, attribute<std::vector<std::int64_t>>("value_ints", {})});
      give(value_of("", made_.back()));
    } else {
      const auto found = node_->attributes.find("value");
      const auto* value =
          found == node_->attributes.end() ? nullptr : std::get_if<OnnxConstant>(&found->second);
      if (value == nullptr) refuse("has no value of floats or integers");
      give(value_of(output(), *value));
    }
  }

  void blank() { give(Blank{}); }

  // Exporters give equal tensors once, and their other names so.
  void identity() {
    FlowValue value = input(0);
    if (auto* floats = std::get_if<Floats>(&value)) floats->name = output();
    give(std::move(value));
  }

  void transpose() {
    Floats turned = floats(0);
    const auto perm = attribute<std::vector<std::int64_t>>("perm", {1, 0});
    if (turned.constant->shape.size() != 2 || perm != std::vector<std::int64_t>{1, 0}) {
      refuse("turns what are no weights");
    }
    turned.transposed = !turned.transposed;
    give(std::move(turned));
  }

  // ---- layers

  void gemm() {
    if (attribute<float>("alpha", 1) != 1 || attribute<float>("beta", 1) != 1 ||
        attribute<std::int64_t>("transA", 0) != 0) {
      refuse("has an alpha, beta or transA; expected 1, 1 and 0");
    }
    add_layer(attribute<std::int64_t>("transB", 0) != 0);
    if (has_input(2)) set_bias(flow_.layers.size() - 1, floats(2));
  }

  void matmul() { add_layer(false); }

  // Of the inputs 0, what the layer takes, and 1, its weights.
  void add_layer(bool rows_are_outputs) {
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
    settled_.push_back(false);

    Signal sums{Meaning::kSums, x.shape, {flow_.layers.size(), 0, dense.out}};
    sums.shape.back() = dense.out;
    flow_.layers.push_back(std::move(layer));
    give(std::move(sums));
  }

  void take_source(const Signal& x, FlowLayer& layer) {
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

  // In the shape that the layer gave them.
  bool is_whole(const Signal& signal) const {
    const std::size_t out = flow_.layers[signal.part.layer].layer.dense.out;
    return signal.part.first == 0 && signal.part.count == out && signal.last() == out;
  }

  void set_bias(std::size_t index, const Floats& bias) {
    ForeignLayer& layer = flow_.layers[index].layer;
    const auto values = bias.values();
    const auto& shape = bias.constant->shape;
    if (values.size() != layer.dense.out || shape.empty() || shape.back() != layer.dense.out) {
      refuse("adds a constant of shape {} to {} outputs", format_shape(shape), layer.dense.out);
    }
    layer.dense.bias.assign(values.begin(), values.end());
    settled_[index] = true;
    const TensorName tensor = split_tensor_name(bias.name);
    if (layer.name.empty() && tensor.kind == TensorKind::kBias) layer.name = tensor.layer;
  }

  void activate() {
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

  // ---- latents

  void add() {
    const FlowValue& a = input(0);
    const FlowValue& b = input(1);
    if (std::holds_alternative<OnnxSides>(a) && std::holds_alternative<OnnxSides>(b)) {
      combine_sides(SideOperation::kAdd);
      return;
    }
    for (const auto& [one, other] : {std::pair{&a, &b}, {&b, &a}}) {
      const auto* sums = std::get_if<Signal>(one);
      if (sums == nullptr || sums->meaning != Meaning::kSums || sums->scale != 1) continue;
      if (const auto* bias = std::get_if<Floats>(other)) {
        if (settled_[sums->part.layer] || !is_whole(*sums)) refuse("is not of a layer's outputs");
        set_bias(sums->part.layer, *bias);
        give(*sums);
        return;
      }
      const auto* spread = std::get_if<Signal>(other);
      if (spread == nullptr || spread->meaning != Meaning::kSpread) continue;
      settled_[sums->part.layer] = true;
      if (spread->scale != 0.5 && spread->scale != 1) {
        refuse("draws latents of sigma exp({} x); expected exp(x / 2), of a variance",
               spread->scale);
      }
      set_latents(sums->part, spread->part, spread->scale == 1);
      Signal latents = *sums;
      latents.meaning = Meaning::kLatents;
      give(std::move(latents));
      return;
    }
    refuse("adds neither a bias, nor noise to mu");
  }

  void set_latents(FlowPart mu, std::optional<FlowPart> logvar, bool log_sigma) {
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

  // Mul and Div: of noise by sigma, and of sums by a number.
  void multiply() {
    const bool divides = node_->op == "Div";
    const FlowValue& a = input(0);
    const FlowValue& b = input(1);
    if (std::holds_alternative<OnnxSides>(a) && std::holds_alternative<OnnxSides>(b)) {
      combine_sides(divides ? SideOperation::kDivide : SideOperation::kMultiply);
      return;
    }
    if (std::holds_alternative<Floats>(b) || (std::holds_alternative<Floats>(a) && !divides)) {
      const bool first = std::holds_alternative<Floats>(a);
      const Floats& factor = floats(first ? 0 : 1);
      Signal x = signal(first ? 1 : 0);
      if (factor.values().size() != 1) refuse("is by {} constants", factor.values().size());
      if (x.meaning != Meaning::kSums) refuse("is of what is no head's outputs");
      const double by = factor.values()[0];
      x.scale = divides ? x.scale / by : x.scale * by;
      give(std::move(x));
      return;
    }
    Signal noise = signal(0);
    Signal sigma = signal(1);
    if (noise.meaning == Meaning::kSigma) std::swap(noise, sigma);
    const bool is_input = noise.meaning == Meaning::kInput;
    if (divides || sigma.meaning != Meaning::kSigma ||
        !(noise.meaning == Meaning::kNoise || is_input)) {
      refuse("is neither of noise by sigma, nor of sums by a number");
    }
    if (is_input) noise_.insert(noise.part.layer);
    sigma.meaning = Meaning::kSpread;
    give(std::move(sigma));
  }

  void exponential() {
    Signal x = signal(0);
    if (x.meaning != Meaning::kSums) refuse("is not of a head's outputs");
    x.meaning = Meaning::kSigma;
    give(std::move(x));
  }

  void root() {
    Signal x = signal(0);
    if (x.meaning != Meaning::kSigma) refuse("is not of a variance");
    x.scale /= 2;
    give(std::move(x));
  }

  void noise() {
    if (node_->op == "RandomNormalLike") input(0);
    if (attribute<float>("mean", 0) != 0 || attribute<float>("scale", 1) != 1) {
      refuse("is not of mean 0 and deviation 1");
    }
    give(Signal{Meaning::kNoise, {}, {}});
  }

  // ---- parts

  // Whether an axis is that of a row's values.
  bool is_last(std::int64_t axis, const Signal& x) const {
    return axis == -1 ||
           (!x.shape.empty() && axis == static_cast<std::int64_t>(x.shape.size()) - 1);
  }

  Signal part_of(const Signal& x, std::size_t first, std::size_t count) const {
    if (x.meaning != Meaning::kSums || !is_whole(x) || x.scale != 1) {
      refuse("is not of all outputs of a layer without activation");
    }
    Signal part = x;
    part.part.first = first;
    part.part.count = part.shape.back() = count;
    return part;
  }

  void slice() {
    const std::int64_t from = side(1);
    const std::int64_t to = side(2);
    const std::int64_t axis = has_input(3) ? side(3) : 0;
    if (has_input(4) && side(4) != 1) refuse("has steps; expected 1");
    const auto* shape = std::get_if<OnnxSides>(&input(0));
    const std::size_t size = shape != nullptr ? shape->size() : signal(0).last();
    const auto bound = [size](std::int64_t at) {
      const auto end = static_cast<std::int64_t>(size);
      return static_cast<std::size_t>(std::clamp<std::int64_t>(at < 0 ? at + end : at, 0, end));
    };
    if (from == kFreeSide || to == kFreeSide) refuse("has bounds that only running it gives");
    const std::size_t first = bound(from);
    const std::size_t end = std::max(bound(to), first);
    if (shape != nullptr && axis == 0) {
      give(OnnxSides(shape->begin() + static_cast<std::ptrdiff_t>(first),
                     shape->begin() + static_cast<std::ptrdiff_t>(end)));
      return;
    }
    if (!is_last(axis, signal(0))) refuse("is along axis {}; expected the last", axis);
    give(part_of(signal(0), first, end - first));
  }

  void split() {
    const Signal& x = signal(0);  // stays in its place
    if (!is_last(attribute<std::int64_t>("axis", 0), x)) refuse("is not along the last axis");
    const auto half = static_cast<std::int64_t>(x.last() / 2);
    const std::vector<std::int64_t> equal = {half, static_cast<std::int64_t>(x.last()) - half};
    const auto sizes =
        has_input(1) ? sides(1) : attribute<std::vector<std::int64_t>>("split", equal);
    if (sizes != equal || x.last() % 2 != 0 || node_->outputs.size() != 2) {
      refuse("is not into two halves");
    }
    give(0, part_of(x, 0, x.last() / 2));
    give(1, part_of(x, x.last() / 2, x.last() / 2));
  }

  // ---- shapes

  void combine_sides(SideOperation operation) {
    auto result = combined(sides(0), sides(1), operation);
    if (!result) refuse("is of shapes that do not fit together");
    give(std::move(*result));
  }

  void shape() {
    const Signal& x = signal(0);
    if (x.shape.empty() || x.shape.size() > kMostSides || has_attribute("start") ||
        has_attribute("end")) {
      refuse("is of a shape that is not known, or of a part of it");
    }
    give(sides_of(x.shape));
  }

  void gather() {
    const OnnxSides& from = sides(0);
    const auto size = static_cast<std::int64_t>(from.size());
    std::int64_t index = side(1);
    if (index < 0 && index >= -size) index += size;
    if (index < 0 || index >= size || attribute<std::int64_t>("axis", 0) != 0) {
      refuse("takes side {} of {}", index, size);
    }
    give(OnnxSides{from[static_cast<std::size_t>(index)]});
  }

  void concat() {
    OnnxSides all;
    for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
      const OnnxSides& part = sides(i);
      all.insert(all.end(), part.begin(), part.end());
      if (all.size() > kMostSides) refuse("makes a shape of more than {} sides", kMostSides);
    }
    give(std::move(all));
  }

  void unsqueeze() { give(sides(0)); }

  void flatten() {
    Signal x = signal(0);
    const auto axis = attribute<std::int64_t>("axis", 1);
    if (x.shape.size() < 2 || (axis != 1 && !(axis == -1 && x.shape.size() == 2))) {
      refuse("is of a shape that is not known, or along axis {}; expected 1", axis);
    }
    x.shape = flattened(x.shape);
    give(std::move(x));
  }

  // Layers see whether a row is still as they expect it.
  void reshape() {
    Signal x = signal(0);
    auto shape = reshaped(x.shape, sides(1), attribute<std::int64_t>("allowzero", 0) == 0);
    if (!shape) refuse("is to a shape that is not understood");
    x.shape = std::move(*shape);
    give(std::move(x));
  }

  // ---- the end

  void finish(std::span<const std::string> outputs) {
    for (const std::string& output : outputs) {
      const auto found = values_.find(output);
      if (found == values_.end()) {
        fail("{}: no node gives the output {}", name_, quote_name(output));
      }
      const auto* signal = std::get_if<Signal>(&found->second);
      if (signal != nullptr && signal->meaning == Meaning::kSums && signal->scale == 1) {
        flow_.outputs.push_back({output, signal->part});
      }
    }
    if (taken_ && noise_.contains(*taken_)) fail("{}: its input is used as noise, too", name_);
    std::set<std::string> names;
    for (std::size_t i = 0; i < flow_.layers.size(); ++i) {
      ForeignLayer& layer = flow_.layers[i].layer;
      if (layer.name.empty() || names.contains(layer.name)) layer.name = results_[i];
      if (!names.insert(layer.name).second) {
        fail("{}: two layers are named {}", name_, quote_name(layer.name));
      }
    }
  }

  std::deque<OnnxConstant> made_;     // by nodes; values_ points into it
  std::optional<std::size_t> taken_;  // the input that layers take
  std::set<std::size_t> noise_;       // inputs that are noise
  std::vector<bool> settled_;         // for each layer: nothing can be added to its bias
  std::vector<std::string> results_;  // of each layer: what the node gives
  OnnxFlow flow_;
};

}  // namespace

OnnxFlow follow_onnx(const OnnxModel& model, std::string_view name) {
  return Follower(model, name).take();
}

}  // namespace picovae::tools
