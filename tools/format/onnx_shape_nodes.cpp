#include "tools/format/onnx_shape_nodes.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace picovae::tools {

void OnnxShapeNodes::constant() {
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

void OnnxShapeNodes::blank() { give(Blank{}); }

// Exporters give equal tensors once, and their other names so.
void OnnxShapeNodes::identity() {
  FlowValue value = input(0);
  if (auto* floats = std::get_if<Floats>(&value)) floats->name = output();
  give(std::move(value));
}

void OnnxShapeNodes::transpose() {
  Floats turned = floats(0);
  const auto perm = attribute<std::vector<std::int64_t>>("perm", {1, 0});
  if (turned.constant->shape.size() != 2 || perm != std::vector<std::int64_t>{1, 0}) {
    refuse("turns what are no weights");
  }
  turned.transposed = !turned.transposed;
  give(std::move(turned));
}

void OnnxShapeNodes::combine_sides(SideOperation operation) {
  auto result = combined(sides(0), sides(1), operation);
  if (!result) refuse("is of shapes that do not fit together");
  give(std::move(*result));
}

void OnnxShapeNodes::shape() {
  const Signal& x = signal(0);
  if (x.shape.empty() || x.shape.size() > kMostSides || has_attribute("start") ||
      has_attribute("end")) {
    refuse("is of a shape that is not known, or of a part of it");
  }
  give(sides_of(x.shape));
}

void OnnxShapeNodes::gather() {
  const OnnxSides& from = sides(0);
  const auto size = static_cast<std::int64_t>(from.size());
  std::int64_t index = side(1);
  if (index < 0 && index >= -size) index += size;
  if (index < 0 || index >= size || attribute<std::int64_t>("axis", 0) != 0) {
    refuse("takes side {} of {}", index, size);
  }
  give(OnnxSides{from[static_cast<std::size_t>(index)]});
}

void OnnxShapeNodes::concat() {
  OnnxSides all;
  for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
    const OnnxSides& part = sides(i);
    all.insert(all.end(), part.begin(), part.end());
    if (all.size() > kMostSides) refuse("makes a shape of more than {} sides", kMostSides);
  }
  give(std::move(all));
}

void OnnxShapeNodes::unsqueeze() { give(sides(0)); }

void OnnxShapeNodes::flatten() {
  Signal x = signal(0);
  const auto axis = attribute<std::int64_t>("axis", 1);
  if (x.shape.size() < 2 || (axis != 1 && !(axis == -1 && x.shape.size() == 2))) {
    refuse("is of a shape that is not known, or along axis {}; expected 1", axis);
  }
  x.shape = flattened(x.shape);
  give(std::move(x));
}

// Layers see whether a row is still as they expect it.
void OnnxShapeNodes::reshape() {
  Signal x = signal(0);
  auto shape = reshaped(x.shape, sides(1), attribute<std::int64_t>("allowzero", 0) == 0);
  if (!shape) refuse("is to a shape that is not understood");
  x.shape = std::move(*shape);
  give(std::move(x));
}

}  // namespace picovae::tools
