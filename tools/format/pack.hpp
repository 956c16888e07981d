// Networks -> blobs: lays weights out for a target (engine layout.hpp) and writes header, section
// table and CRCs (engine FORMAT.md).
#pragma once

#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "tools/format/blob_bytes.hpp"
#include "tools/format/network.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// A model of f32, f16 or bf16 weights, rounded to nearest, Layout::kHost. Fails where a weight is
// too large for f16.
BlobBytes pack_float(const Network& network, Type type = Type::kF32);

// The signatures that stand in an s8 model's header, once they are known.
struct Signatures {
  std::uint32_t generated = 0;
  std::uint32_t reconstructed = 0;
  std::uint32_t classes = 0;  // stands in the class section; of a model that has one
  bool operator==(const Signatures&) const = default;
};

// Those that an s8 blob says it has.
Signatures signatures_of(const BlobView& view);

// The model id of those parts: CRC-32C of everything that decides what they compute, in logical
// order (engine FORMAT.md).
std::uint32_t model_id(const QuantizedNetwork& network, std::uint8_t parts);

// An s8 model. parts: Part bits; a decoder alone is a smaller model for boards that only draw.
BlobBytes pack_s8(const QuantizedNetwork& network, Layout layout, std::uint8_t parts,
                  Signatures signatures);

}  // namespace picovae::tools
