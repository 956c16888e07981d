#include "tools/format/safetensors.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/names.hpp"
#include "tools/format/float_types.hpp"

namespace picovae::tools {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeader = std::size_t{1} << 20;
constexpr std::size_t kMaxFile = std::size_t{1} << 30;
constexpr std::size_t kAlignment = 8;  // of the values, by spaces at the end of the header
constexpr std::string_view kMetadata = "__metadata__";

// A tensor's entry in the header; offsets count from the end of the header.
struct Entry {
  std::string name;
  std::optional<FloatType> type;  // none if the values are no floats
  std::vector<std::size_t> shape;
  std::size_t begin = 0, end = 0;
};

std::optional<std::size_t> checked_product(std::size_t a, std::size_t b) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b) return std::nullopt;
  return a * b;
}

// Bytes of a tensor whose values have `width` bytes; none if they cannot be counted.
std::optional<std::size_t> byte_size(std::span<const std::size_t> shape, std::size_t width) {
  std::optional<std::size_t> size = width;
  for (const std::size_t side : shape) {
    size = checked_product(*size, side);
    if (!size) return std::nullopt;
  }
  return size;
}

bool is_finite(std::uint32_t bits) { return (bits & 0x7f800000U) != 0x7f800000U; }

constexpr std::size_t kLongestQuote = 80;  // of what a file says, in a message

std::string shortened(std::string text) {
  if (text.size() > kLongestQuote) text.replace(kLongestQuote, std::string::npos, "...");
  return text;
}

// A value of the header, for messages.
std::string quote_value(const Json& value) {
  return shortened(value.dump(-1, ' ', true, Json::error_handler_t::replace));
}

// Fails on doubled keys, which a JSON object would silently merge, and on deep nesting.
class HeaderGuard {
 public:
  explicit HeaderGuard(std::string_view name) : name_(name) {}

  bool operator()(int, Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (keys_.size() == kMaxDepth) {
          fail("{}: the header nests more than {} levels deep; it is no safetensors file", name_,
               kMaxDepth);
        }
        keys_.emplace_back();
        break;
      case Event::object_end:
      case Event::array_end:
        keys_.pop_back();
        break;
      case Event::key: {
        const auto& key = value.get_ref<const std::string&>();
        if (!keys_.back().insert(key).second) {
          fail("{}: the header has the key {} twice; write the file again", name_, quote_name(key));
        }
        break;
      }
      case Event::value:
        break;
    }
    return true;
  }

 private:
  static constexpr std::size_t kMaxDepth = 3;  // header, tensor, shape

  std::string_view name_;
  std::vector<std::set<std::string>> keys_;  // of each open object
};

Json parse_header(std::string_view text, std::string_view name) {
  const auto last = text.find_last_not_of(' ');
  // A zero byte would end the text for the JSON parser.
  if (last == std::string_view::npos || text.front() != '{' || text[last] != '}' ||
      text.find('\0') != std::string_view::npos) {
    fail("{}: the header at byte {} begins with {}; expected a JSON object: is it safetensors?",
         name, kLengthBytes, quote_name(text.substr(0, 16)));
  }
  try {
    // By reference: the parser copies its callback, but there must be one guard only.
    HeaderGuard guard(name);
    return Json::parse(text, [&guard](int depth, Json::parse_event_t event, const Json& value) {
      return guard(depth, event, value);
    });
  } catch (const Json::exception& error) {
    // The parser quotes the whole token that it could not read.
    fail("{}: the header at byte {} is no valid JSON: {}", name, kLengthBytes,
         shortened(error.what()));
  }
}

std::map<std::string, std::string> parse_metadata(const Json& json, std::string_view name) {
  if (!json.is_object()) {
    fail("{}: {} is {}; expected an object of strings", name, kMetadata, quote_value(json));
  }
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      fail("{}: {} has {} as the value of {}; expected a string", name, kMetadata,
           quote_value(value), quote_name(key));
    }
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

std::vector<std::size_t> parse_sizes(const Json& json, std::string_view key,
                                     std::string_view tensor, std::string_view name) {
  if (!json.is_array()) {
    fail("{}: tensor {} has {} as its {}; expected an array", name, quote_name(tensor),
         quote_value(json), key);
  }
  std::vector<std::size_t> sizes;
  for (const auto& value : json) {
    if (!value.is_number_unsigned()) {
      fail("{}: tensor {} has {} in its {}; expected whole numbers from 0", name,
           quote_name(tensor), quote_value(value), key);
    }
    sizes.push_back(value.get<std::size_t>());
  }
  return sizes;
}

// Types whose values are not read, and their widths in bytes.
constexpr std::array<Named<std::size_t>, 11> kOtherTypes = {{{"BOOL", 1},
                                                             {"U8", 1},
                                                             {"I8", 1},
                                                             {"F8_E4M3", 1},
                                                             {"F8_E5M2", 1},
                                                             {"U16", 2},
                                                             {"I16", 2},
                                                             {"U32", 4},
                                                             {"I32", 4},
                                                             {"U64", 8},
                                                             {"I64", 8}}};

// Sets the entry's type, and returns its width in bytes.
std::size_t parse_type(const Json& json, Entry& entry, std::string_view name) {
  const std::string_view type =
      json.is_string() ? std::string_view(json.get_ref<const std::string&>()) : "";
  entry.type = float_type_of(type);
  if (entry.type) return width_of(*entry.type);
  for (const auto& other : kOtherTypes) {
    if (other.name == type) return other.value;
  }
  fail("{}: tensor {} has dtype {}; expected F32, or F16, BF16 or F64", name,
       quote_name(entry.name), quote_value(json));
}

Entry parse_entry(const std::string& tensor, const Json& json, std::string_view name) {
  if (!json.is_object()) {
    fail("{}: the header has {} for tensor {}; expected an object", name, quote_value(json),
         quote_name(tensor));
  }
  for (const auto& [key, value] : json.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      fail("{}: tensor {} has the unknown key {}", name, quote_name(tensor), quote_name(key));
    }
  }
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!json.contains(key)) fail("{}: tensor {} has no {}", name, quote_name(tensor), key);
  }
  Entry entry;
  entry.name = tensor;
  const std::size_t width = parse_type(json["dtype"], entry, name);
  entry.shape = parse_sizes(json["shape"], "shape", tensor, name);
  const auto offsets = parse_sizes(json["data_offsets"], "data_offsets", tensor, name);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    fail("{}: tensor {} has data_offsets {}; expected [begin, end]", name, quote_name(tensor),
         format_shape(offsets));
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  const auto size = byte_size(entry.shape, width);
  if (!size || *size != entry.end - entry.begin) {
    fail("{}: tensor {} of shape {} has data_offsets {}, which is {} bytes; expected {}", name,
         quote_name(tensor), format_shape(entry.shape), format_shape(offsets),
         entry.end - entry.begin, size ? std::to_string(*size) : "fewer than can be counted");
  }
  return entry;
}

// The entries must tile [0, size) exactly.
void check_places(std::vector<Entry>& entries, std::size_t size, std::string_view name) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::size_t reached = 0;
  for (const Entry& entry : entries) {
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
  if (!file.metadata.empty()) header[std::string(kMetadata)] = file.metadata;
  std::set<std::string_view> names{kMetadata};
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
  if (text.size() > kMaxHeader) {
    fail("{}: the header would have {} bytes; at most {} can be read back", name, text.size(),
         kMaxHeader);
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

std::string quote_name(std::string_view name) {
  const Json text = shortened(std::string(name.substr(0, kLongestQuote + 1)));
  return text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, std::string_view name) {
  if (bytes.size() < kLengthBytes) {
    fail("{}: has {} bytes, too few for the header length; it is no safetensors file", name,
         bytes.size());
  }
  std::uint64_t length = 0;
  for (std::size_t k = 0; k < kLengthBytes; ++k) {
    length |= std::to_integer<std::uint64_t>(bytes[k]) << (8 * k);
  }
  const auto after = bytes.subspan(kLengthBytes);
  if (length > kMaxHeader) {
    fail("{}: says at byte 0 that its header has {} bytes; at most {} are read: is it safetensors?",
         name, length, kMaxHeader);
  }
  if (length > after.size()) {
    fail("{}: says at byte 0 that its header has {} bytes, but only {} follow; is it cut short?",
         name, length, after.size());
  }
  const auto header_bytes = after.first(static_cast<std::size_t>(length));
  const auto values = after.subspan(header_bytes.size());
  const Json header =
      parse_header({reinterpret_cast<const char*>(header_bytes.data()), header_bytes.size()}, name);

  SafetensorsFile file;
  std::vector<Entry> entries;
  for (const auto& [key, value] : header.items()) {
    if (key == kMetadata) {
      file.metadata = parse_metadata(value, name);
    } else {
      entries.push_back(parse_entry(key, value, name));
    }
  }
  check_places(entries, values.size(), name);
  for (Entry& entry : entries) {
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
  std::vector<std::byte> bytes(kLengthBytes + header.size() + values * sizeof(float));
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
