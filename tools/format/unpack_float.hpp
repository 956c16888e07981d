// The network of a blob whose weights are floats.
#pragma once

#include "picovae/blob.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

// Of a view of a checked blob of f32, f16 or bf16 weights; the 16-bit ones become the f32 values
// that they are. Without classes and metadata. Layers of a part that the blob lacks are empty.
Network unpack_float(const BlobView& view);

}  // namespace picovae::tools
