// What a graph of ONNX computes, followed node by node from its inputs: which dense layer takes
// which values, with which activation between them, and how latents are drawn. Graphs are those
// that exporters make of a VAE's encoder, decoder, or both; anything else is refused by its node.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/foreign_model.hpp"
#include "tools/format/onnx_reader.hpp"

namespace picovae::tools {

// What a dense layer takes.
enum class FlowSource { kInput, kLayer, kLatents };

struct FlowLayer {
  ForeignLayer layer;
  FlowSource source = FlowSource::kInput;
  std::size_t before = 0;  // the layer, whose activation it takes, of FlowSource::kLayer
  std::string activation;  // "softplus", "relu", "sigmoid"; empty if none follows
  std::string node;        // for messages
};

// Outputs first .. first + count - 1 of a layer.
struct FlowPart {
  std::size_t layer = 0, first = 0, count = 0;
  bool operator==(const FlowPart&) const = default;
};

struct FlowOutput {
  std::string name;
  FlowPart part;
};

struct OnnxFlow {
  std::vector<FlowLayer> layers;    // in the file's order
  std::vector<FlowOutput> outputs;  // those that are a layer's, before an activation
  std::optional<FlowPart> mu;       // of latents, if the graph draws or takes them
  std::optional<FlowPart> logvar;   // none if latents are mu
  bool log_sigma = false;           // the second head gives log sigma
};

// Fails, naming `name` and the node, on what it does not understand.
OnnxFlow follow_onnx(const OnnxModel& model, std::string_view name);

}  // namespace picovae::tools
