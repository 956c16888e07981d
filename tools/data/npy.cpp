#include "tools/data/npy.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxDimensions = 32;  // NumPy's own limit

// The header, which is a literal of Python:
//   {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
class HeaderText {
 public:
  HeaderText(std::string_view text, std::string_view name) : rest_(text), name_(name) {}

  void parse(NpyArray& array) {
    expect('{');
    bool type = false, order = false, shape = false;
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !type) {
        type = true;
        parse_type(array);
      } else if (key == "fortran_order" && !order) {
        order = true;
        array.fortran_order = parse_bool();
      } else if (key == "shape" && !shape) {
        shape = true;
        parse_shape(array);
      } else {
        refuse();
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!type || !order || !shape || !rest_.empty()) refuse();
  }

 private:
  [[noreturn]] void refuse() const {
    fail("{}: its header is not one that NumPy writes; save the array again with np.save", name_);
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }

  bool take(char wanted) {
    skip_space();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) refuse();
  }

  std::string_view quoted() {
    expect('\'');
    const std::size_t end = rest_.find('\'');
    if (end == rest_.npos) refuse();
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  bool parse_bool() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    refuse();
  }

  // "<f4": byte order, kind, bytes.
  void parse_type(NpyArray& array) {
    constexpr std::array<std::string_view, 11> kTypes = {"b1", "i1", "i2", "i4", "i8", "u1",
                                                         "u2", "u4", "u8", "f4", "f8"};
    skip_space();
    if (rest_.starts_with('[')) {
      fail("{}: holds records of several fields; save one of them alone", name_);
    }
    const std::string_view type = quoted();
    const bool ordered = !type.empty() && std::string_view("<>|").find(type[0]) != type.npos;
    if (!ordered || std::find(kTypes.begin(), kTypes.end(), type.substr(1)) == kTypes.end()) {
      fail("{}: holds values of type {}; save them as uint8 or float32", name_,
           printable(type.substr(0, 16)));
    }
    array.kind = type[1];
    array.item_size = static_cast<std::size_t>(type[2] - '0');
    array.big_endian = type[0] == '>';
  }

  // (), (3,), (3, 4)
  void parse_shape(NpyArray& array) {
    expect('(');
    while (!take(')')) {
      skip_space();
      const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto size = parse_number<std::size_t>(rest_.substr(0, digits));
      if (!size || array.shape.size() == kMaxDimensions) refuse();
      rest_.remove_prefix(digits);
      array.shape.push_back(*size);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
  }

  static std::string printable(std::string_view text) {
    std::string shown(text);
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return shown;
  }

  std::string_view rest_, name_;
};

// None if they are more than kMaxDataBytes.
std::optional<std::size_t> bytes_of(const NpyArray& array) {
  std::size_t bytes = array.item_size;
  for (const std::size_t size : array.shape) {
    if (size == 0) return 0;
  }
  for (const std::size_t size : array.shape) {
    if (size > kMaxDataBytes / bytes) return std::nullopt;
    bytes *= size;
  }
  return bytes;
}

}  // namespace

NpyArray parse_npy(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) {
    fail("{}: does not begin as a .npy file of NumPy does; save the array with np.save", name);
  }
  constexpr std::size_t kVersion = kMagic.size();
  constexpr std::size_t kLength = kVersion + 2;
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::size_t>(static_cast<unsigned char>(text[i])) : 0;
  };
  const std::size_t version = at(kVersion);
  if (version < 1 || version > 3 || at(kVersion + 1) != 0) {
    fail("{}: is a .npy file of version {}.{}; 1.0 to 3.0 are read", name, version,
         at(kVersion + 1));
  }
  std::size_t length = at(kLength) | at(kLength + 1) << 8;
  std::size_t start = kLength + 2;
  if (version > 1) {
    length |= at(start) << 16 | at(start + 1) << 24;
    start += 2;
  }
  if (text.size() < start || length > text.size() - start) {
    fail("{}: ends at byte {}, inside its header; save it again", name, text.size());
  }
  NpyArray array;
  HeaderText(text.substr(start, length), name).parse(array);
  const auto size = bytes_of(array);
  if (!size) {
    fail("{}: says that it holds ({}) values of {}; at most {} bytes are read", name,
         joined(array.shape, ", "), counted(array.item_size, "byte"), kMaxDataBytes);
  }
  array.data = bytes.subspan(start + length);
  if (array.data.size() != *size) {
    fail("{}: has {} bytes of values, but its header promises {}; save it again", name,
         array.data.size(), *size);
  }
  return array;
}

}  // namespace picovae::tools
