#include "tools/format/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/names.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {
namespace {

using Json = nlohmann::json;

// Far more than a model has; a header of less than 1 MB could name a hundred thousand.
constexpr std::size_t kMostNames = 4096;
constexpr std::size_t kMostSides = 64;

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

// Takes the parser's events one by one. A JSON object of the library would merge doubled keys, and
// its parser with a callback takes time that is quadratic in the number of objects.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(std::string_view name) : name_(name) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { refuse("null"); }
  bool boolean(bool value) override { refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { refuse(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { refuse(text); }
  bool binary(binary_t&) override { refuse("bytes"); }  // JSON text has none

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::kSizes) refuse(std::to_string(value));
    if (value > std::numeric_limits<std::size_t>::max()) refuse(std::to_string(value));
    auto& sizes = key_ == "shape" ? entry_.shape : offsets_;
    if (sizes.size() == kMostSides) {
      fail("{}: tensor {} has more than {} values as its {}; it is no safetensors file", name_,
           quote_name(entry_.name), kMostSides, key_);
    }
    sizes.push_back(static_cast<std::size_t>(value));
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::kMetadata) {
      header_.metadata[key_] = std::move(value);
    } else if (place_ == Place::kTensor && key_ == "dtype") {
      set_type(value);
    } else {
      refuse(quote_name(value));
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::kOutside) {
      place_ = Place::kHeader;
    } else if (place_ == Place::kHeader) {
      place_ = key_ == kSafetensorsMetadata ? Place::kMetadata : Place::kTensor;
      if (place_ == Place::kTensor) begin_tensor();
    } else {
      refuse("an object");
    }
    return true;
  }

  bool key(string_t& key) override {
    const bool is_new = place_ == Place::kHeader     ? names_.insert(key).second
                        : place_ == Place::kMetadata ? header_.metadata.try_emplace(key).second
                                                     : tensor_keys_.insert(key).second;
    if (!is_new) {
      fail("{}: the header has the key {} twice; write the file again", name_, quote_name(key));
    }
    if (std::max(names_.size(), header_.metadata.size()) > kMostNames) {
      fail("{}: the header has more than {} names; it is no file of a model", name_, kMostNames);
    }
    if (place_ == Place::kTensor && key != "dtype" && key != "shape" && key != "data_offsets") {
      fail("{}: tensor {} has the unknown key {}", name_, quote_name(entry_.name), quote_name(key));
    }
    key_ = std::move(key);
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) end_tensor();
    place_ = place_ == Place::kHeader ? Place::kOutside : Place::kHeader;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::kTensor || key_ == "dtype") refuse("an array");
    place_ = Place::kSizes;
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // The parser quotes the whole token that it could not read.
    fail("{}: the header at byte {} is no valid JSON: {}", name_, kSafetensorsLengthBytes,
         shortened(error.what()));
  }

 private:
  enum class Place { kOutside, kHeader, kMetadata, kTensor, kSizes };

  // Fails on a value that cannot stand where it does.
  [[noreturn]] void refuse(std::string_view value) {
    const std::string quoted = shortened(value);
    if (place_ == Place::kMetadata) {
      fail("{}: {} has {} as the value of {}; expected a string", name_, kSafetensorsMetadata,
           quoted, quote_name(key_));
    }
    if (place_ == Place::kSizes) {
      fail("{}: tensor {} has {} in its {}; expected whole numbers from 0", name_,
           quote_name(entry_.name), quoted, key_);
    }
    if (place_ == Place::kTensor && key_ == "dtype") {
      fail("{}: tensor {} has dtype {}; expected F32, or F16, BF16 or F64", name_,
           quote_name(entry_.name), quoted);
    }
    if (place_ == Place::kTensor) {
      fail("{}: tensor {} has {} as its {}; expected an array", name_, quote_name(entry_.name),
           quoted, key_);
    }
    if (key_ == kSafetensorsMetadata) {
      fail("{}: {} is {}; expected an object of strings", name_, kSafetensorsMetadata, quoted);
    }
    fail("{}: the header has {} for tensor {}; expected an object", name_, quoted,
         quote_name(key_));
  }

  void begin_tensor() {
    entry_ = {};
    entry_.name = key_;
    offsets_.clear();
    tensor_keys_.clear();
  }

  void set_type(const std::string& type) {
    entry_.type = float_type_of(type);
    if (entry_.type) {
      width_ = width_of(*entry_.type);
      return;
    }
    const auto other = named(kOtherTypes, type);
    if (!other) refuse(quote_name(type));
    width_ = *other;
  }

  void end_tensor() {
    const std::string tensor = quote_name(entry_.name);
    for (const char* key : {"dtype", "shape", "data_offsets"}) {
      if (!tensor_keys_.contains(key)) fail("{}: tensor {} has no {}", name_, tensor, key);
    }
    if (offsets_.size() != 2 || offsets_[0] > offsets_[1]) {
      fail("{}: tensor {} has data_offsets {}; expected [begin, end]", name_, tensor,
           format_shape(offsets_));
    }
    entry_.begin = offsets_[0];
    entry_.end = offsets_[1];
    const auto size = byte_size(entry_.shape, width_);
    if (!size || *size != entry_.end - entry_.begin) {
      fail("{}: tensor {} of shape {} has data_offsets {}, which is {} bytes; expected {}", name_,
           tensor, format_shape(entry_.shape), format_shape(offsets_), entry_.end - entry_.begin,
           size ? std::to_string(*size) : "fewer than can be counted");
    }
    header_.entries.push_back(std::move(entry_));
  }

  std::string_view name_;
  SafetensorsHeader header_;
  std::set<std::string> names_;  // of tensors, and __metadata__
  Place place_ = Place::kOutside;
  std::string key_;  // the last one; in a tensor its own
  // Of the tensor that is being read:
  TensorEntry entry_;
  std::size_t width_ = 0;  // bytes of a value
  std::vector<std::size_t> offsets_;
  std::set<std::string, std::less<>> tensor_keys_;
};

std::optional<std::size_t> checked_product(std::size_t a, std::size_t b) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b) return std::nullopt;
  return a * b;
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view name) {
  const auto last = text.find_last_not_of(' ');
  // A zero byte would end the text for the JSON parser.
  if (last == std::string_view::npos || text.front() != '{' || text[last] != '}' ||
      text.find('\0') != std::string_view::npos) {
    fail("{}: the header at byte {} begins with {}; expected a JSON object: is it safetensors?",
         name, kSafetensorsLengthBytes, quote_name(text.substr(0, 16)));
  }
  HeaderReader reader(name);
  Json::sax_parse(text, &reader);
  return reader.take();
}

std::optional<std::size_t> byte_size(std::span<const std::size_t> shape, std::size_t width) {
  std::optional<std::size_t> size = width;
  for (const std::size_t side : shape) {
    size = checked_product(*size, side);
    if (!size) return std::nullopt;
  }
  return size;
}

}  // namespace picovae::tools
