// What is in an ONNX file, checked and decoded: plain values, behind which the classes of protobuf
// stay. What it computes is found by onnx_flow.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace picovae::tools {

// Floats of any width as f32, or integers; row-major, as many as the product of the shape.
struct OnnxConstant {
  std::vector<std::size_t> shape;  // empty for a single value
  std::variant<std::vector<float>, std::vector<std::int64_t>> values;
};

// Attributes of other types are there as std::monostate: operators that have them are not known.
using OnnxReadAttribute =
    std::variant<std::monostate, std::int64_t, float, std::vector<std::int64_t>, OnnxConstant>;

struct OnnxNode {
  std::string name;  // not empty: its first output's, if the file gives none
  std::string op;
  std::vector<std::string> inputs, outputs;  // an input that is left out is empty
  std::map<std::string, OnnxReadAttribute> attributes;
};

struct OnnxInput {
  std::string name;
  std::vector<std::size_t> shape;  // 0 for what is free; empty if not known
};

struct OnnxModel {
  std::vector<OnnxInput> inputs;  // those that are no constants
  std::map<std::string, OnnxConstant> constants;
  std::vector<OnnxNode> nodes;  // in the file's order
  std::vector<std::string> outputs;
  std::map<std::string, std::string> metadata;
};

// Operator sets that are read; what onnx_flow.hpp knows is the same in all of them.
inline constexpr int kFirstOpset = 11;
inline constexpr int kLastOpset = 21;

// Whether the bytes start as ONNX does: field 1, a version of the format, and a field with a length
// after it. The header of safetensors would be longer than any.
inline bool starts_as_onnx(std::span<const std::byte> bytes) {
  constexpr auto kLength = std::byte{2}, kKind = std::byte{7};
  return bytes.size() > 2 && bytes[0] == std::byte{8} && bytes[1] < std::byte{0x80} &&
         bytes[2] > std::byte{0x10} && (bytes[2] & kKind) == kLength;
}

// Fails, naming `name` and the tensor or node, on what is no ONNX, of another operator set, kept in
// other files, of another type than floats and integers, or of a shape that does not fit its
// values; and if values are not finite. In builds without libonnx it always does.
OnnxModel parse_onnx(std::span<const std::byte> bytes, std::string_view name);

}  // namespace picovae::tools
