// The header of a safetensors file: what tensors there are, and where their values stand.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/float_types.hpp"

namespace picovae::tools {

// A tensor's entry; offsets in bytes from the end of the header, with the size of the shape
// between.
struct TensorEntry {
  std::string name;
  std::optional<FloatType> type;  // none if the values are no floats
  std::vector<std::size_t> shape;
  std::size_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> entries;             // as the header has them
  std::map<std::string, std::string> metadata;  // its __metadata__
};

inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";
inline constexpr std::size_t kSafetensorsLengthBytes = 8;  // of the length before the header
inline constexpr std::size_t kMaxSafetensorsHeader = std::size_t{1} << 20;

// Reads it in one pass that ends at the first thing a header cannot hold, in time that grows with
// its length alone. Fails, naming `name` and the tensor.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view name);

// Bytes of a tensor whose values have `width` bytes; none if they cannot be counted.
std::optional<std::size_t> byte_size(std::span<const std::size_t> shape, std::size_t width);

}  // namespace picovae::tools
