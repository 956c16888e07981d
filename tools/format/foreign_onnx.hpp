// An ONNX model as layers with places: encoder and decoder in one graph, or in one each.
#pragma once

#include <string_view>

#include "tools/format/foreign_model.hpp"
#include "tools/format/onnx_reader.hpp"

namespace picovae::tools {

struct NamedOnnx {
  const OnnxModel& model;
  std::string_view name;  // the file's, for messages
};

// The graph that draws latents between its two halves, or takes mu for them. Fails, saying why, if
// it is no such graph, or if its activations differ.
ForeignModel foreign_onnx(const NamedOnnx& whole);
ForeignModel foreign_onnx(const NamedOnnx& encoder, const NamedOnnx& decoder);

}  // namespace picovae::tools
