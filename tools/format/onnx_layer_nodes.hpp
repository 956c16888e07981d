// Nodes of ONNX that are dense layers: products by weights, biases and activations.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/onnx_flow.hpp"
#include "tools/format/onnx_shape_nodes.hpp"
#include "tools/format/onnx_values.hpp"

namespace picovae::tools {

// A function an operator, on the node that is looked at. Layers, and what they take, gather in
// flow_.
class OnnxLayerNodes : protected OnnxShapeNodes {
 protected:
  using OnnxShapeNodes::OnnxShapeNodes;

  void gemm();
  void matmul();
  void set_bias(std::size_t layer, const Floats& bias);  // of Gemm, or by Add
  void activate();

  // Whether it is all outputs of a layer, in the shape that the layer gave them.
  bool is_whole(const Signal& signal) const;

  // Of all nodes that take latents these are the same.
  void set_latents(FlowPart mu, std::optional<FlowPart> logvar, bool log_sigma);

  // At the end: layers whose tensors do not name them have the name of what their node gives.
  void name_layers();

  OnnxFlow flow_;
  std::optional<std::size_t> taken_;  // the input that layers take

 private:
  // Of the inputs 0, what the layer takes, and 1, its weights.
  void add_layer(bool rows_are_outputs);
  void take_source(const Signal& x, FlowLayer& layer);

  std::vector<std::string> results_;  // of each layer: what the node gives
};

}  // namespace picovae::tools
