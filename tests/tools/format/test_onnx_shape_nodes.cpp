#include "tools/format/onnx_shape_nodes.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/tools/format/followed_graphs.hpp"
#include "tests/tools/format/onnx_models.hpp"

using namespace picovae::tools;
using namespace picovae::tests;

TEST_CASE("rows of images by shapes that are computed") {
  OnnxBuilder builder;
  builder.input("x", {0, 2, 3}).sides("0", {0}).sides("rest", {-1});
  builder.node("Shape", {"x"}, {"shape"}).node("Gather", {"shape", "0"}, {"rows"});
  builder.node("Unsqueeze", {"rows", "0"}, {"row"}).node("Concat", {"row", "rest"}, {"to"});
  builder.node("Reshape", {"x", "to"}, {"flat"}).dense("fc", "flat", 6, 2);
  CHECK(flow_of(builder).layers.at(0).layer.dense.in == 6);
}

TEST_CASE("constants in every form") {
  OnnxBuilder builder;
  builder.input("x", {0, 2, 3});
  builder.node("Constant", {}, {"0"}, {{"value_int", std::int64_t{0}}});
  builder.node("Constant", {}, {"to"}, {{"value_ints", std::vector<std::int64_t>{0, -1}}});
  builder.node("Constant", {}, {"w"}, {{"value", OnnxConstant{{6, 1}, std::vector<float>(6, 2)}}});
  builder.node("Constant", {}, {"k"}, {{"value_float", 0.5F}});
  builder.node("Shape", {"x"}, {"shape"}).node("Gather", {"shape", "0"}, {"rows"});
  builder.node("Reshape", {"x", "to"}, {"flat"}).node("MatMul", {"flat", "w"}, {"sum"});
  builder.node("Mul", {"sum", "k"}, {"halved"});
  CHECK(flow_of(builder).layers.at(0).layer.dense.weight == std::vector<float>(6, 2));
}

TEST_CASE("constants and shapes that are not understood are refused by their node") {
  const Attributes axis0{{"axis", std::int64_t{0}}};
  check_refused(
      {{"a transpose of the input", [](auto& b) { b.node("Transpose", {"x"}, {"t"}); }, "constant"},
       {"a flatten along another axis", [=](auto& b) { b.node("Flatten", {"x"}, {"t"}, axis0); },
        "axis 0"},
       {"a reshape by floats",
        [](auto& b) {
          b.node("Reshape", {"x", "half"}, {"t"});
        },
        "no shape"},
       {"a side that is not there",
        [](auto& b) {
          b.sides("i", {2}).node("Shape", {"x"}, {"s"}).node("Gather", {"s", "i"}, {"t"});
        },
        "takes side 2 of 2"},
       {"a constant without a value", [](auto& b) { b.node("Constant", {}, {"t"}); }, "no value"}});
}
