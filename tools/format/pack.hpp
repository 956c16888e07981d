// Networks -> blobs and back: weights in the order of a target (engine layout.hpp), in the sections
// of a blob (engine FORMAT.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/network.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// A model of f32, f16 or bf16 weights, rounded to nearest, Layout::kHost. Fails if a weight is too
// large for the type.
BlobBytes pack_float(const Network& network, Type type = Type::kF32);

// An s8 model. parts: Part bits; a decoder alone is a smaller model for boards that only draw.
BlobBytes pack_s8(const QuantizedNetwork& network, Layout layout, std::uint8_t parts,
                  Signatures signatures);

// The network of an s8 blob that check_blob accepted. Layers of a part that the blob lacks are
// empty. Fails if the model id does not match: weights were changed and checksums corrected.
// `name` is the blob's, for that message.
QuantizedNetwork unpack_s8(const BlobView& view, const std::string& name);

// The model id of those parts: CRC-32C of everything that decides what they compute, in logical
// order (engine FORMAT.md).
std::uint32_t model_id(const QuantizedNetwork& network, std::uint8_t parts);

// A model file of any kind as a checked blob: safetensors become an f32 blob. Fails, naming the
// file, if it is no model.
BlobBytes parse_blob(std::span<const std::byte> bytes, const std::string& name);
BlobBytes load_blob(const std::filesystem::path& path);

}  // namespace picovae::tools
