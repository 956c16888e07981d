// An ONNX file under construction: one graph, whose tensors all have a name, a type and a shape, so
// that a viewer shows them. Rows are the free dimension N. The classes of protobuf stay behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace picovae::tools {

enum class OnnxType { kF32, kU8, kS8, kS32, kS64 };

// A tensor that an input or a node gives: [rows, width].
struct OnnxValue {
  std::string name;
  OnnxType type = OnnxType::kF32;
  std::size_t width = 0;
  std::size_t rows = 0;  // 0: N
};

struct OnnxAttribute {
  const char* name;
  std::variant<std::int64_t, std::string_view, OnnxType> value;
};

using OnnxMetadata = std::map<std::string, std::string>;

struct OnnxFile {
  std::vector<std::byte> bytes;
  std::size_t nodes = 0;
};

// Operators are those of opset 13. Names are the caller's and unique.
class OnnxGraph {
 public:
  //   name   of the graph: "encoder"
  //   about  what a user should know of the file
  OnnxGraph(std::string_view name, std::string_view about);
  ~OnnxGraph();
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;

  // Adds entries to the file's metadata.
  void describe(const OnnxMetadata& metadata);

  // about: units and range of its values
  OnnxValue input(std::string_view name, OnnxType type, std::size_t width, std::string_view about);
  void output(const OnnxValue& value, std::string_view about);

  // Constants, row-major; their names, as node() takes them. An empty shape is a single value.
  using Shape = std::initializer_list<std::size_t>;
  std::string constant(std::string name, Shape shape, std::span<const float> values);
  std::string constant(std::string name, Shape shape, std::span<const std::uint8_t> values);
  std::string constant(std::string name, Shape shape, std::span<const std::int8_t> values);
  std::string constant(std::string name, Shape shape, std::span<const std::int32_t> values);
  std::string constant(std::string name, Shape shape, std::span<const std::int64_t> values);

  // A single s32, which all that ask for it share.
  std::string number(std::int32_t value);

  // A node, named as its result.
  //   inputs  names of values and constants
  OnnxValue node(std::string_view op, std::span<const std::string> inputs, OnnxValue result,
                 std::initializer_list<OnnxAttribute> attributes = {});

  // A node with several results, named as the first one.
  void node(std::string_view op, std::span<const std::string> inputs,
            std::span<const OnnxValue> results, std::initializer_list<OnnxAttribute> attributes);

  // The file; equal calls give equal bytes.
  OnnxFile file() const;

 private:
  struct Proto;

  template <typename T>
  std::string add_constant(std::string name, OnnxType type, Shape shape, std::span<const T> values);

  std::unique_ptr<Proto> proto_;
};

}  // namespace picovae::tools
