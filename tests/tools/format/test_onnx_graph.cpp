#include "tools/format/onnx_graph.hpp"

#include <doctest/doctest.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace picovae::tools;

OnnxFile small_graph(float weight) {
  OnnxGraph graph("small", "one product");
  graph.describe({{"key", "value"}});
  const OnnxValue x = graph.input("x", OnnxType::kF32, 1, "a number");
  const std::array inputs = {x.name,
                             graph.constant("w", {1, 1}, std::span<const float>(&weight, 1))};
  graph.output(graph.node("MatMul", inputs, {"y", OnnxType::kF32, 1}), "w times x");
  return graph.file();
}

std::size_t count(const OnnxFile& file, std::string_view text) {
  const std::string_view all(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  std::size_t found = 0;
  for (std::size_t at = all.find(text); at != all.npos; at = all.find(text, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("equal graphs are equal files") {
  const OnnxFile file = small_graph(2);
  CHECK(file.nodes == 1);
  CHECK(file.bytes == small_graph(2).bytes);
  CHECK(file.bytes != small_graph(3).bytes);
  for (const auto* text : {"small", "one product", "key", "value", "a number", "w times x"}) {
    CHECK(count(file, text) == 1);
  }
}

TEST_CASE("a number that is asked for twice is there once") {
  OnnxGraph graph("numbers", "");
  CHECK(graph.number(-77) == graph.number(-77));
  CHECK(graph.number(77) != graph.number(-77));
  CHECK(count(graph.file(), "number.-77") == 1);
  CHECK(count(graph.file(), "number.77") == 1);
}
