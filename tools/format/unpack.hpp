// Blobs -> networks: the reverse of pack.hpp, for another layout of the same model.
#pragma once

#include <cstddef>
#include <string>

#include "picovae/blob.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// Weights in logical order of an s8 blob that check_blob accepted. Layers of a part that the blob
// has not are empty. Fails where the model id is not theirs: somebody changed weights and mended
// checksums. `name` is for that message.
QuantizedNetwork unpack_s8(const BlobView& view, const std::string& name);

}  // namespace picovae::tools
