// onnx_graph.hpp for builds without libonnx: no graph can be made.

#include "tools/base/error.hpp"
#include "tools/format/onnx_graph.hpp"

namespace picovae::tools {

struct OnnxGraph::Proto {};

OnnxGraph::OnnxGraph(std::string_view, std::string_view) {
  fail(
      "this picovae is built without ONNX; install libonnx-dev and libprotobuf-dev "
      "(tools/install_packages.sh build) and build it again");
}
OnnxGraph::~OnnxGraph() = default;

void OnnxGraph::describe(const OnnxMetadata&) {}
OnnxValue OnnxGraph::input(std::string_view, OnnxType, std::size_t, std::string_view) { return {}; }
void OnnxGraph::output(const OnnxValue&, std::string_view) {}
// NOLINTBEGIN(performance-unnecessary-value-param): the parameters are those of onnx_graph.cpp
std::string OnnxGraph::constant(std::string, Shape, std::span<const float>) { return {}; }
std::string OnnxGraph::constant(std::string, Shape, std::span<const std::uint8_t>) { return {}; }
std::string OnnxGraph::constant(std::string, Shape, std::span<const std::int8_t>) { return {}; }
std::string OnnxGraph::constant(std::string, Shape, std::span<const std::int32_t>) { return {}; }
std::string OnnxGraph::constant(std::string, Shape, std::span<const std::int64_t>) { return {}; }
std::string OnnxGraph::number(std::int32_t) { return {}; }
OnnxValue OnnxGraph::node(std::string_view, std::span<const std::string>, OnnxValue,
                          std::initializer_list<OnnxAttribute>) {
  return {};
}
void OnnxGraph::node(std::string_view, std::span<const std::string>, std::span<const OnnxValue>,
                     std::initializer_list<OnnxAttribute>) {}
// NOLINTEND(performance-unnecessary-value-param)
OnnxFile OnnxGraph::file() const { return {}; }

}  // namespace picovae::tools
