#include "tools/format/onnx_graph.hpp"

#include <fmt/core.h>
#include <onnx/onnx_pb.h>

#include <set>

#include "picovae/version.h"

namespace picovae::tools {
namespace {

// Opset 13 is of this version of the format. Runtimes read both since the end of 2020.
constexpr int kIrVersion = 7;
constexpr int kOpset = 13;

std::int32_t code_of(OnnxType type) {
  switch (type) {
    case OnnxType::kF32:
      return onnx::TensorProto::FLOAT;
    case OnnxType::kU8:
      return onnx::TensorProto::UINT8;
    case OnnxType::kS8:
      return onnx::TensorProto::INT8;
    case OnnxType::kS32:
      return onnx::TensorProto::INT32;
    case OnnxType::kS64:
      return onnx::TensorProto::INT64;
  }
  return onnx::TensorProto::UNDEFINED;
}

void set_type(onnx::ValueInfoProto& info, const OnnxValue& value) {
  info.set_name(value.name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(code_of(value.type));
  auto& rows = *tensor.mutable_shape()->add_dim();
  if (value.rows == 0) {
    rows.set_dim_param("N");
  } else {
    rows.set_dim_value(static_cast<std::int64_t>(value.rows));
  }
  tensor.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(value.width));
}

void set_attribute(onnx::AttributeProto& proto, const OnnxAttribute& attribute) {
  proto.set_name(attribute.name);
  if (const auto* text = std::get_if<std::string_view>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(std::string(*text));
    return;
  }
  const auto* type = std::get_if<OnnxType>(&attribute.value);
  proto.set_type(onnx::AttributeProto::INT);
  proto.set_i(type != nullptr ? code_of(*type) : std::get<std::int64_t>(attribute.value));
}

}  // namespace

struct OnnxGraph::Proto {
  onnx::ModelProto model;
  std::set<std::string> numbers;  // names of those that are there

  onnx::GraphProto& graph() { return *model.mutable_graph(); }
};

OnnxGraph::OnnxGraph(std::string_view name, std::string_view about)
    : proto_(std::make_unique<Proto>()) {
  auto& model = proto_->model;
  model.set_ir_version(kIrVersion);
  model.add_opset_import()->set_version(kOpset);
  model.set_producer_name("picovae");
  model.set_producer_version(PICOVAE_VERSION);
  model.set_doc_string(std::string(about));
  proto_->graph().set_name(std::string(name));
}

OnnxGraph::~OnnxGraph() = default;

void OnnxGraph::describe(const OnnxMetadata& metadata) {
  for (const auto& [key, value] : metadata) {
    auto& entry = *proto_->model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
}

OnnxValue OnnxGraph::input(std::string_view name, OnnxType type, std::size_t width,
                           std::string_view about) {
  OnnxValue value{std::string(name), type, width};
  auto& info = *proto_->graph().add_input();
  set_type(info, value);
  info.set_doc_string(std::string(about));
  return value;
}

void OnnxGraph::output(const OnnxValue& value, std::string_view about) {
  auto& graph = proto_->graph();
  auto& inner = *graph.mutable_value_info();
  for (int i = inner.size(); i-- != 0;) {
    if (inner[i].name() == value.name) inner.DeleteSubrange(i, 1);
  }
  auto& info = *graph.add_output();
  set_type(info, value);
  info.set_doc_string(std::string(about));
}

template <typename T>
std::string OnnxGraph::add_constant(std::string name, OnnxType type, Shape shape,
                                    std::span<const T> values) {
  auto& tensor = *proto_->graph().add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(code_of(type));
  for (const std::size_t size : shape) tensor.add_dims(static_cast<std::int64_t>(size));
  tensor.set_raw_data(values.data(), values.size_bytes());  // little-endian, as this machine is
  return name;
}

std::string OnnxGraph::constant(std::string name, Shape shape, std::span<const float> values) {
  return add_constant(std::move(name), OnnxType::kF32, shape, values);
}
std::string OnnxGraph::constant(std::string name, Shape shape,
                                std::span<const std::uint8_t> values) {
  return add_constant(std::move(name), OnnxType::kU8, shape, values);
}
std::string OnnxGraph::constant(std::string name, Shape shape,
                                std::span<const std::int8_t> values) {
  return add_constant(std::move(name), OnnxType::kS8, shape, values);
}
std::string OnnxGraph::constant(std::string name, Shape shape,
                                std::span<const std::int32_t> values) {
  return add_constant(std::move(name), OnnxType::kS32, shape, values);
}
std::string OnnxGraph::constant(std::string name, Shape shape,
                                std::span<const std::int64_t> values) {
  return add_constant(std::move(name), OnnxType::kS64, shape, values);
}

std::string OnnxGraph::number(std::int32_t value) {
  std::string name = fmt::format("number.{}", value);
  if (!proto_->numbers.insert(name).second) return name;
  return constant(std::move(name), {}, std::span<const std::int32_t>(&value, 1));
}

OnnxValue OnnxGraph::node(std::string_view op, std::span<const std::string> inputs,
                          OnnxValue result, std::initializer_list<OnnxAttribute> attributes) {
  node(op, inputs, std::span<const OnnxValue>(&result, 1), attributes);
  return result;
}

void OnnxGraph::node(std::string_view op, std::span<const std::string> inputs,
                     std::span<const OnnxValue> results,
                     std::initializer_list<OnnxAttribute> attributes) {
  auto& graph = proto_->graph();
  auto& node = *graph.add_node();
  node.set_name(results.front().name);
  node.set_op_type(std::string(op));
  for (const std::string& name : inputs) node.add_input(name);
  for (const OnnxValue& result : results) {
    node.add_output(result.name);
    set_type(*graph.add_value_info(), result);
  }
  for (const OnnxAttribute& attribute : attributes) set_attribute(*node.add_attribute(), attribute);
}

OnnxFile OnnxGraph::file() const {
  OnnxFile file;
  file.bytes.resize(proto_->model.ByteSizeLong());
  proto_->model.SerializeToArray(file.bytes.data(), static_cast<int>(file.bytes.size()));
  file.nodes = static_cast<std::size_t>(proto_->model.graph().node_size());
  return file;
}

}  // namespace picovae::tools
