#include "tools/format/safetensors.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/format/float_types.hpp"
#include "tools/format/safetensors_header.hpp"

namespace picovae::tools {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxFile = std::size_t{1} << 30;
constexpr std::size_t kLongestQuote = 80;  // of what a file says, in a message
constexpr std::size_t kAlignment = 8;      // of the values, by spaces at the end of the header

bool is_finite(std::uint32_t bits) { return (bits & 0x7f800000U) != 0x7f800000U; }

// The entries must tile [0, size) exactly.
void check_places(std::vector<TensorEntry>& entries, std::size_t size, std::string_view name) {
  std::sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::size_t reached = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != reached) {
      fail("{}: tensor {} begins at byte {} of the values, {} at byte {}; write the file again",
           name, quote_name(entry.name), entry.begin,
           entry.begin < reached ? "inside another that ends" : "after a hole that begins",
           reached);
    }
    if (entry.end > size) {
      fail("{}: tensor {} ends at byte {} of the values, but the file holds {}; is it cut short?",
           name, quote_name(entry.name), entry.end, size);
    }
    reached = entry.end;
  }
  if (reached != size) {
    fail("{}: {} bytes follow the last tensor; write the file again", name, size - reached);
  }
}

std::vector<float> decode_values(std::span<const std::byte> bytes, FloatType type,
                                 const std::string& tensor, std::string_view name) {
  std::vector<float> values = decode_floats(bytes, type);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_finite(std::bit_cast<std::uint32_t>(values[i]))) {
      fail("{}: tensor {} has {} at index {}; train the model again", name, quote_name(tensor),
           values[i], i);
    }
  }
  return values;
}

void check_tensor(const Tensor& tensor, std::string_view name) {
  const auto size = byte_size(tensor.shape, sizeof(float));
  if (!size || *size / sizeof(float) != tensor.data.size()) {
    fail("{}: tensor {} of shape {} has {} values; it cannot be written", name,
         quote_name(tensor.name), format_shape(tensor.shape), tensor.data.size());
  }
  for (std::size_t i = 0; i < tensor.data.size(); ++i) {
    if (!is_finite(std::bit_cast<std::uint32_t>(tensor.data[i]))) {
      fail("{}: tensor {} has {} at index {}; it is not written: train with a smaller --lr", name,
           quote_name(tensor.name), tensor.data[i], i);
    }
  }
}

std::string encode_header(const SafetensorsFile& file, std::string_view name) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header[std::string(kSafetensorsMetadata)] = file.metadata;
  std::set<std::string_view> names{kSafetensorsMetadata};
  std::size_t offset = 0;
  for (const Tensor& tensor : file.tensors) {
    if (!names.insert(tensor.name).second) {
      fail("{}: two tensors are named {}; it cannot be written", name, quote_name(tensor.name));
    }
    const std::size_t end = offset + tensor.data.size() * sizeof(float);
    auto& entry = header[tensor.name];
    entry["dtype"] = "F32";
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = std::vector<std::size_t>{offset, end};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception& error) {
    fail("{}: the header cannot be written: {}", name, error.what());
  }
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  if (text.size() > kMaxSafetensorsHeader) {
    fail("{}: the header would have {} bytes; at most {} can be read back", name, text.size(),
         kMaxSafetensorsHeader);
  }
  return text;
}

// Returns the end of what it wrote.
template <typename Value>
std::byte* put_little_endian(std::byte* to, Value value) {
  for (std::size_t k = 0; k < sizeof(Value); ++k) {
    *to++ = static_cast<std::byte>(value >> (8 * k) & 0xff);
  }
  return to;
}

}  // namespace

std::string format_shape(std::span<const std::size_t> shape) {
  constexpr std::size_t kMostSides = 8;
  const bool all = shape.size() <= kMostSides;
  return fmt::format("[{}{}]", fmt::join(all ? shape : shape.first(kMostSides), ", "),
                     all ? "" : ", ...");
}

std::string shortened(std::string_view text) {
  return text.size() > kLongestQuote ? fmt::format("{}...", text.substr(0, kLongestQuote))
                                     : std::string(text);
}

std::string quote_name(std::string_view name) {
  const Json text = shortened(name);
  return text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, std::string_view name) {
  if (bytes.size() < kSafetensorsLengthBytes) {
    fail("{}: has {} bytes, too few for the header length; it is no safetensors file", name,
         bytes.size());
  }
  std::uint64_t length = 0;
  for (std::size_t k = 0; k < kSafetensorsLengthBytes; ++k) {
    length |= std::to_integer<std::uint64_t>(bytes[k]) << (8 * k);
  }
  const auto after = bytes.subspan(kSafetensorsLengthBytes);
  if (length > kMaxSafetensorsHeader) {
    fail("{}: says at byte 0 that its header has {} bytes; at most {} are read: is it safetensors?",
         name, length, kMaxSafetensorsHeader);
  }
  if (length > after.size()) {
    fail("{}: says at byte 0 that its header has {} bytes, but only {} follow; is it cut short?",
         name, length, after.size());
  }
  const auto header_bytes = after.first(static_cast<std::size_t>(length));
  const auto values = after.subspan(header_bytes.size());
  auto header = parse_safetensors_header(
      {reinterpret_cast<const char*>(header_bytes.data()), header_bytes.size()}, name);
  check_places(header.entries, values.size(), name);

  SafetensorsFile file;
  file.metadata = std::move(header.metadata);
  for (TensorEntry& entry : header.entries) {
    if (!entry.type) {
      file.others.push_back(std::move(entry.name));
      continue;
    }
    const auto place = values.subspan(entry.begin, entry.end - entry.begin);
    auto data = decode_values(place, *entry.type, entry.name, name);
    file.tensors.push_back({std::move(entry.name), std::move(entry.shape), std::move(data)});
  }
  return file;
}

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path, kMaxFile), path.string());
}

std::vector<std::byte> encode_safetensors(const SafetensorsFile& file, std::string_view name) {
  for (const Tensor& tensor : file.tensors) check_tensor(tensor, name);
  const std::string header = encode_header(file, name);
  std::size_t values = 0;
  for (const Tensor& tensor : file.tensors) values += tensor.data.size();
  std::vector<std::byte> bytes(kSafetensorsLengthBytes + header.size() + values * sizeof(float));
  std::byte* to = put_little_endian(bytes.data(), std::uint64_t{header.size()});
  const auto header_bytes = std::as_bytes(std::span(header));
  to = std::copy(header_bytes.begin(), header_bytes.end(), to);
  for (const Tensor& tensor : file.tensors) {
    for (const float value : tensor.data) {
      to = put_little_endian(to, std::bit_cast<std::uint32_t>(value));
    }
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const SafetensorsFile& file) {
  write_file(path, encode_safetensors(file, path.string()));
}

}  // namespace picovae::tools
