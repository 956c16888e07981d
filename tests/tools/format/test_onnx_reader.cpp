#include "tools/format/onnx_reader.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tests/tools/flipped_bits.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/onnx_graph.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

std::vector<std::byte> file() {
  OnnxGraph graph("small", "one layer");
  graph.describe({{"key", "value"}});
  const OnnxValue x = graph.input("x", OnnxType::kF32, 2, "numbers");
  const std::array weight = {1.5F, -2.0F};
  const std::array inputs = {x.name, graph.constant("w", {1, 2}, std::span<const float>(weight))};
  graph.output(graph.node("Gemm", inputs, {"y", OnnxType::kF32, 1}, {{"transB", std::int64_t{1}}}),
               "sums");
  graph.number(-7);
  return graph.file().bytes;
}

std::string error_of(std::span<const std::byte> bytes) {
  return message_of([&] { parse_onnx(bytes, "FILE"); });
}

}  // namespace

TEST_CASE("a file is read as it was written") {
  const auto bytes = file();
  CHECK(starts_as_onnx(bytes));
  const OnnxModel model = parse_onnx(bytes, "FILE");
  REQUIRE(model.inputs.size() == 1);
  CHECK(model.inputs[0].name == "x");
  CHECK(model.inputs[0].shape == std::vector<std::size_t>{0, 2});
  const OnnxConstant& weight = model.constants.at("w");
  CHECK(weight.shape == std::vector<std::size_t>{1, 2});
  CHECK(std::get<std::vector<float>>(weight.values) == std::vector<float>{1.5F, -2.0F});
  CHECK(std::get<std::vector<std::int64_t>>(model.constants.at("number.-7").values) ==
        std::vector<std::int64_t>{-7});
  REQUIRE(model.nodes.size() == 1);
  CHECK(model.nodes[0].op == "Gemm");
  CHECK(model.nodes[0].name == "y");
  CHECK(model.nodes[0].inputs == std::vector<std::string>{"x", "w"});
  CHECK(model.nodes[0].outputs == std::vector<std::string>{"y"});
  CHECK(std::get<std::int64_t>(model.nodes[0].attributes.at("transB")) == 1);
  CHECK(model.outputs == std::vector<std::string>{"y"});
  CHECK(model.metadata.at("key") == "value");
}

TEST_CASE("a file cut anywhere is refused, or less of one") {
  const auto whole = file();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto message = error_of(std::span(whole).first(size));
    const bool fine = message.empty() || is_one_line_about(message, "FILE");
    CHECK(fine);
  }
  CHECK(contains(error_of({}), "names no operator set"));
  CHECK(contains(error_of(std::span(whole).first(whole.size() / 2)), "cut short"));
}

TEST_CASE("no flipped bit does more than an error or another graph") {
  check_flipped_bits(file(), error_of);
}

TEST_CASE("integers of other types are not read") {
  OnnxGraph graph("bytes", "");
  const std::array values = {std::int8_t{1}};
  graph.constant("w", {1}, std::span<const std::int8_t>(values));
  CHECK(contains(error_of(graph.file().bytes), "tensor \"w\" is of type INT8"));
  OnnxGraph short_one("short", "");
  const std::array floats = {1.0F};
  short_one.constant("w", {2}, std::span<const float>(floats));
  CHECK(contains(error_of(short_one.file().bytes), "has 4 bytes; expected 8"));
}
