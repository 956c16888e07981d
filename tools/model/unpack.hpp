// Blobs -> networks: the reverse of pack.hpp, for another layout of the same model.
#pragma once

#include <cstddef>
#include <span>

#include "picovae/blob.hpp"
#include "tools/model/quantized_network.hpp"

namespace picovae::tools {

// Weights in logical order of an s8 blob that check_blob accepted. Layers of a part that the blob
// has not are empty.
QuantizedNetwork unpack_s8(const BlobView& view);

}  // namespace picovae::tools
