// How large an s8 model will be, before there is one.
#pragma once

#include <cstddef>

#include "picovae/blob.hpp"

namespace picovae::tools {

// What the header does not say.
struct SectionCounts {
  std::size_t input_runs, output_runs;  // of live pixels (live.hpp); only if pixels are dead
  std::size_t class_bytes;              // of the classes; 0: none
};

// Bytes of the blob that pack_s8 makes.
//   header  has layout, dimensions, parts, dead_inputs and dead_outputs
std::size_t s8_blob_size(const BlobHeader& header, const SectionCounts& counts);

}  // namespace picovae::tools
