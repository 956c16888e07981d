// The values of a graph of ONNX as they are followed, and one node's view of them.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/format/onnx_flow.hpp"
#include "tools/format/onnx_reader.hpp"
#include "tools/format/onnx_shapes.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {

enum class Meaning {
  kInput,   // of the graph: pixels, latents, or noise
  kSums,    // of a dense layer, or part of them, times `scale`
  kActive,  // a layer after its activation
  kSigma,   // exp(scale * part)
  kNoise,   // of N(0, 1)
  kSpread,  // noise times sigma
  kLatents
};

// Rows of values; how many rows does not matter.
struct Signal {
  Meaning meaning = Meaning::kInput;
  OnnxShape shape;  // empty if not known
  FlowPart part;    // of a layer; of kInput, `layer` is the input's number
  double scale = 1;

  std::size_t last() const { return shape.empty() ? 0 : shape.back(); }
};

// Weights and biases.
struct Floats {
  std::string name;
  const OnnxConstant* constant = nullptr;
  bool transposed = false;

  std::span<const float> values() const { return std::get<std::vector<float>>(constant->values); }
};

// A tensor of which at most the shape is looked at.
struct Blank {};

using FlowValue = std::variant<Signal, Floats, OnnxSides, Blank>;

// `constant` outlives the value.
FlowValue value_of(const std::string& name, const OnnxConstant& constant);

// Values by name, and the node that takes and gives some of them. What it asks for and is not
// there, or is of another kind, is refused by its name.
class OnnxNodeView {
 protected:
  // Begins with constants and inputs. `model` outlives the view; `name` is the file's, for
  // messages.
  OnnxNodeView(const OnnxModel& model, std::string_view name);

  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> message, Args&&... args) const {
    fail("{}: the node {} of {} {}", name_, quote_name(node_->name), quote_name(node_->op),
         fmt::format(message, std::forward<Args>(args)...));
  }

  bool has_input(std::size_t i) const;
  const FlowValue& input(std::size_t i) const;

  // `expected` follows "takes X as what is no".
  template <typename T>
  const T& input_as(std::size_t i, std::string_view expected) const {
    const auto* value = std::get_if<T>(&input(i));
    if (value == nullptr) {
      refuse("takes {} as what is no {}", quote_name(node_->inputs[i]), expected);
    }
    return *value;
  }
  const Floats& floats(std::size_t i) const { return input_as<Floats>(i, "constant of floats"); }
  const OnnxSides& sides(std::size_t i) const { return input_as<OnnxSides>(i, "shape"); }
  std::int64_t side(std::size_t i) const;  // the only one
  // Sums that are taken so, by anything but Add, have the bias that they will have.
  const Signal& signal(std::size_t i);

  bool has_attribute(const char* key) const { return node_->attributes.contains(key); }
  template <typename T>
  T attribute(const char* key, T otherwise) const {
    const auto found = node_->attributes.find(key);
    if (found == node_->attributes.end()) return otherwise;
    const auto* value = std::get_if<T>(&found->second);
    if (value == nullptr) refuse("has an attribute {} of another type", key);
    return *value;
  }

  // The name of the output, or of the first one; empty if there is none.
  std::string output() const { return node_->outputs.empty() ? "" : node_->outputs[0]; }
  void give(FlowValue value);  // as the only output
  void give(std::size_t i, FlowValue value);

  std::string_view name_;
  const OnnxNode* node_ = nullptr;
  std::map<std::string, FlowValue> values_;
  std::set<std::size_t> settled_;  // layers to whose bias nothing can be added
};

}  // namespace picovae::tools
