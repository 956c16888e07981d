#include "tools/format/onnx_flow.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "tools/base/error.hpp"
#include "tools/format/onnx_layer_nodes.hpp"
#include "tools/format/onnx_shapes.hpp"
#include "tools/format/onnx_values.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {
namespace {

// Operators by name, and those that make latents of heads.
class Follower : OnnxLayerNodes {
 public:
  Follower(const OnnxModel& model, std::string_view name) : OnnxLayerNodes(model, name) {
    for (const OnnxNode& node : model.nodes) {
      node_ = &node;
      follow();
    }
    finish(model.outputs);
  }

  OnnxFlow take() { return std::move(flow_); }

 private:
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
        if (settled_.contains(sums->part.layer) || !is_whole(*sums)) {
          refuse("is not of a layer's outputs");
        }
        set_bias(sums->part.layer, *bias);
        give(*sums);
        return;
      }
      const auto* spread = std::get_if<Signal>(other);
      if (spread == nullptr || spread->meaning != Meaning::kSpread) continue;
      settled_.insert(sums->part.layer);
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
    name_layers();
  }

  std::set<std::size_t> noise_;  // inputs that are noise
};

}  // namespace

OnnxFlow follow_onnx(const OnnxModel& model, std::string_view name) {
  return Follower(model, name).take();
}

}  // namespace picovae::tools
