// The safetensors format, written as F32, read as floats of any width: an 8-byte little-endian
// header length, a JSON header that gives each tensor's type, shape and place, then the values of
// all tensors without a gap.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace picovae::tools {

struct Tensor {
  std::string name;
  std::vector<std::size_t> shape;  // empty for a single value
  std::vector<float> data;         // row-major, as many values as the product of the shape
  bool operator==(const Tensor&) const = default;
};

struct SafetensorsFile {
  std::vector<Tensor> tensors;                  // in the order of their values in the file
  std::map<std::string, std::string> metadata;  // the header's __metadata__
  std::vector<std::string> others = {};  // names of tensors that are no floats: they are not read
  bool operator==(const SafetensorsFile&) const = default;
};

// Reads strictly: fails, naming `name` and the tensor, on anything that is not exactly the format
// or not finite as an f32. `bytes` are not kept.
SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, std::string_view name);

// The same from a file of at most 1 GiB.
SafetensorsFile read_safetensors(const std::filesystem::path& path);

// Returns the bytes of a file; equal input gives equal bytes. Fails on what the reader would
// refuse: doubled names, shapes that do not fit the data, values that are not finite. Writes no
// `others`.
std::vector<std::byte> encode_safetensors(const SafetensorsFile& file, std::string_view name);

// The same into a file, whole or not at all.
void write_safetensors(const std::filesystem::path& path, const SafetensorsFile& file);

// "[300, 784]", for messages.
std::string format_shape(std::span<const std::size_t> shape);

// Text for a one-line message, cut if long; no escapes.
std::string shortened(std::string_view text);

// A name from a file for a one-line message: quoted, escaped, and cut if long.
std::string quote_name(std::string_view name);

}  // namespace picovae::tools
