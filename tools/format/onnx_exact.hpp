// An s8 model as ONNX (EXPORT.md): the integer contract of engine FORMAT.md in standard integer
// operators, so that every runtime gives the bits of the engine.
#pragma once

#include "tools/format/onnx_graph.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// The network is one that verify_blob accepts when packed, whose sums no runtime can overflow. It
// has the layers of that half.
OnnxFile onnx_encoder(const QuantizedNetwork& network, const OnnxMetadata& metadata);
OnnxFile onnx_decoder(const QuantizedNetwork& network, const OnnxMetadata& metadata);

}  // namespace picovae::tools
