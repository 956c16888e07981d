#include "tools/format/onnx_reader.hpp"

#include <fmt/core.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <type_traits>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/format/float_types.hpp"
#include "tools/format/safetensors.hpp"

namespace picovae::tools {
namespace {

using onnx::AttributeProto;
using onnx::TensorProto;

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }
std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }
std::uint32_t bits_of(std::int32_t value) { return static_cast<std::uint32_t>(value); }

// Decodes a tensor.
//   what  names it in messages: tensor "w"
class TensorReader {
 public:
  TensorReader(const TensorProto& tensor, std::string_view what, std::string_view name)
      : tensor_(tensor), what_(what), name_(name) {}

  OnnxConstant read() {
    if (tensor_.data_location() == TensorProto::EXTERNAL || tensor_.external_data_size() != 0) {
      fail("{}: the {} is kept in another file; save the model as one file", name_, what_);
    }
    OnnxConstant constant;
    constant.shape = read_shape();
    switch (tensor_.data_type()) {
      case TensorProto::FLOAT:
        constant.values = floats(FloatType::kF32, tensor_.float_data());
        break;
      case TensorProto::DOUBLE:
        constant.values = floats(FloatType::kF64, tensor_.double_data());
        break;
      case TensorProto::FLOAT16:
        constant.values = floats(FloatType::kF16, tensor_.int32_data());
        break;
      case TensorProto::BFLOAT16:
        constant.values = floats(FloatType::kBf16, tensor_.int32_data());
        break;
      case TensorProto::INT64:
        constant.values = integers<std::int64_t>(tensor_.int64_data());
        break;
      case TensorProto::INT32:
        constant.values = integers<std::int32_t>(tensor_.int32_data());
        break;
      default:
        fail(
            "{}: the {} is of type {}; expected floats, or integers of 32 or 64 bits: is the model "
            "quantized?",
            name_, what_, type_name());
    }
    return constant;
  }

 private:
  std::string type_name() const {
    const int type = tensor_.data_type();
    if (!onnx::TensorProto_DataType_IsValid(type)) return fmt::format("{}", type);
    return onnx::TensorProto_DataType_Name(static_cast<TensorProto::DataType>(type));
  }

  // Also counts the values.
  std::vector<std::size_t> read_shape() {
    constexpr std::size_t kMostSides = 8;
    constexpr std::int64_t kMost = std::int64_t{1} << 28;  // values, and each side
    std::vector<std::size_t> shape;
    std::int64_t count = 1;
    for (const std::int64_t side : tensor_.dims()) {
      if (side < 0 || side > kMost || count * side > kMost || shape.size() == kMostSides) {
        fail("{}: the {} has {} sides, of which {} is {}; so many values are not read", name_,
             what_, tensor_.dims_size(), shape.size(), side);
      }
      shape.push_back(static_cast<std::size_t>(side));
      count *= side;
    }
    count_ = static_cast<std::size_t>(count);
    return shape;
  }

  void check_count(std::size_t found, std::string_view unit, std::size_t expected) const {
    if (found == expected) return;
    fail("{}: the {} has {} {}; expected {} by its shape: is the file damaged?", name_, what_,
         found, unit, expected);
  }

  std::span<const std::byte> raw(std::size_t width) const {
    const std::string& bytes = tensor_.raw_data();
    check_count(bytes.size(), "bytes", count_ * width);
    return std::as_bytes(std::span(bytes.data(), bytes.size()));
  }

  template <typename Values>
  std::vector<float> floats(FloatType type, const Values& values) const {
    const std::size_t width = width_of(type);
    std::vector<std::byte> bytes;  // as raw_data has them
    if (!tensor_.has_raw_data()) {
      check_count(static_cast<std::size_t>(values.size()), "values", count_);
      bytes.reserve(count_ * width);
      for (const auto value : values) {
        const auto bits = bits_of(value);
        for (std::size_t k = 0; k < width; ++k) {
          bytes.push_back(static_cast<std::byte>(bits >> (8 * k) & 0xff));
        }
      }
    }
    std::vector<float> result = decode_floats(tensor_.has_raw_data() ? raw(width) : bytes, type);
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::all_of(result.begin(), result.end(), finite)) {
      fail("{}: the {} has values that are not finite; train the model again", name_, what_);
    }
    return result;
  }

  template <typename T, typename Values>
  std::vector<std::int64_t> integers(const Values& values) const {
    if (!tensor_.has_raw_data()) {
      check_count(static_cast<std::size_t>(values.size()), "values", count_);
      return {values.begin(), values.end()};
    }
    using Bits = std::make_unsigned_t<T>;
    const auto bytes = raw(sizeof(T));
    std::vector<std::int64_t> result(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      Bits bits = 0;
      for (std::size_t k = 0; k < sizeof(T); ++k) {
        bits |= std::to_integer<Bits>(bytes[i * sizeof(T) + k]) << (8 * k);
      }
      result[i] = static_cast<T>(bits);
    }
    return result;
  }

  const TensorProto& tensor_;
  std::string_view what_, name_;
  std::size_t count_ = 0;
};

OnnxReadAttribute read_attribute(const AttributeProto& attribute, std::string_view node,
                                 std::string_view name) {
  switch (attribute.type()) {
    case AttributeProto::INT:
      return attribute.i();
    case AttributeProto::FLOAT:
      return attribute.f();
    case AttributeProto::INTS:
      return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
    case AttributeProto::TENSOR: {
      const auto what = fmt::format("tensor in the node {}", quote_name(node));
      return TensorReader(attribute.t(), what, name).read();
    }
    default:
      return std::monostate{};
  }
}

OnnxNode read_node(const onnx::NodeProto& proto, std::string_view name) {
  OnnxNode node;
  node.name = !proto.name().empty()      ? proto.name()
              : proto.output_size() != 0 ? proto.output(0)
                                         : proto.op_type();
  node.op = proto.op_type();
  if (!proto.domain().empty() && proto.domain() != "ai.onnx") {
    node.op = fmt::format("{}.{}", proto.domain(), node.op);  // which nothing here knows
  }
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (const AttributeProto& attribute : proto.attribute()) {
    node.attributes.emplace(attribute.name(), read_attribute(attribute, node.name, name));
  }
  return node;
}

OnnxInput read_input(const onnx::ValueInfoProto& proto) {
  OnnxInput input{proto.name(), {}};
  for (const auto& side : proto.type().tensor_type().shape().dim()) {
    constexpr std::int64_t kMost = std::int64_t{1} << 28;
    const std::int64_t size = std::clamp<std::int64_t>(side.dim_value(), 0, kMost);
    input.shape.push_back(static_cast<std::size_t>(size));
  }
  return input;
}

void check_opset(const onnx::ModelProto& model, std::string_view name) {
  for (const auto& opset : model.opset_import()) {
    if (!opset.domain().empty() && opset.domain() != "ai.onnx") continue;
    if (opset.version() >= kFirstOpset && opset.version() <= kLastOpset) return;
    fail("{}: is of operator set {}; {} to {} are read: export with opset_version=17", name,
         opset.version(), kFirstOpset, kLastOpset);
  }
  fail("{}: names no operator set; is it ONNX?", name);
}

}  // namespace

OnnxModel parse_onnx(std::span<const std::byte> bytes, std::string_view name) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  onnx::ModelProto proto;
  if (bytes.size() > kMost || !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    fail("{}: is no ONNX, or is cut short", name);
  }
  check_opset(proto, name);
  const onnx::GraphProto& graph = proto.graph();
  constexpr int kMostNodes = 10'000;
  if (graph.node_size() > kMostNodes || graph.sparse_initializer_size() != 0) {
    fail("{}: has {} nodes and {} sparse tensors; at most {} and none are read", name,
         graph.node_size(), graph.sparse_initializer_size(), kMostNodes);
  }
  OnnxModel model;
  for (const TensorProto& tensor : graph.initializer()) {
    const auto what = fmt::format("tensor {}", quote_name(tensor.name()));
    auto constant = TensorReader(tensor, what, name).read();
    if (!model.constants.emplace(tensor.name(), std::move(constant)).second) {
      fail("{}: two tensors are named {}", name, quote_name(tensor.name()));
    }
  }
  for (const auto& input : graph.input()) {
    if (!model.constants.contains(input.name())) model.inputs.push_back(read_input(input));
  }
  for (const auto& node : graph.node()) model.nodes.push_back(read_node(node, name));
  for (const auto& output : graph.output()) model.outputs.push_back(output.name());
  for (const auto& entry : proto.metadata_props()) model.metadata[entry.key()] = entry.value();
  return model;
}

}  // namespace picovae::tools
