#include "tools/format/onnx_values.hpp"

namespace picovae::tools {

FlowValue value_of(const std::string& name, const OnnxConstant& constant) {
  if (std::holds_alternative<std::vector<float>>(constant.values)) return Floats{name, &constant};
  const auto& integers = std::get<std::vector<std::int64_t>>(constant.values);
  if (integers.size() > kMostSides) return Blank{};
  return integers;
}

OnnxNodeView::OnnxNodeView(const OnnxModel& model, std::string_view name) : name_(name) {
  for (const auto& [key, constant] : model.constants) values_[key] = value_of(key, constant);
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    values_[model.inputs[i].name] = Signal{Meaning::kInput, model.inputs[i].shape, {i, 0, 0}};
  }
}

bool OnnxNodeView::has_input(std::size_t i) const {
  return i < node_->inputs.size() && !node_->inputs[i].empty();
}

const FlowValue& OnnxNodeView::input(std::size_t i) const {
  if (!has_input(i)) refuse("has {} inputs; expected more", node_->inputs.size());
  const auto found = values_.find(node_->inputs[i]);
  if (found != values_.end()) return found->second;
  refuse("takes {}, which no constant, input or earlier node gives", quote_name(node_->inputs[i]));
}

std::int64_t OnnxNodeView::side(std::size_t i) const {
  const OnnxSides& values = sides(i);
  if (values.size() != 1) refuse("takes {} values as input {}; expected 1", values.size(), i);
  return values[0];
}

const Signal& OnnxNodeView::signal(std::size_t i) {
  const auto& signal = input_as<Signal>(i, "result of a layer or input");
  if (signal.meaning == Meaning::kSums) settled_.insert(signal.part.layer);
  return signal;
}

void OnnxNodeView::give(FlowValue value) {
  if (node_->outputs.size() != 1) refuse("has {} outputs; expected 1", node_->outputs.size());
  give(0, std::move(value));
}

void OnnxNodeView::give(std::size_t i, FlowValue value) {
  const std::string& to = node_->outputs[i];
  if (!to.empty() && !values_.emplace(to, std::move(value)).second) {
    refuse("gives {}, which is there already", quote_name(to));
  }
}

}  // namespace picovae::tools
