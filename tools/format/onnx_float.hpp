// An f32 network as ONNX (EXPORT.md): Gemm, Softplus and Sigmoid in real units.
#pragma once

#include "tools/format/network.hpp"
#include "tools/format/onnx_graph.hpp"

namespace picovae::tools {

// metadata: of the file; the network's own is not looked at.
OnnxFile onnx_encoder(const Network& network, const OnnxMetadata& metadata);
OnnxFile onnx_decoder(const Network& network, const OnnxMetadata& metadata);

}  // namespace picovae::tools
