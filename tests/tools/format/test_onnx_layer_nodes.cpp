#include "tools/format/onnx_layer_nodes.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/tools/format/followed_graphs.hpp"
#include "tests/tools/format/onnx_models.hpp"

using namespace picovae::tests;

TEST_CASE("ways to write a dense layer") {
  const auto layer_of = [](const OnnxBuilder& builder) { return flow_of(builder).layers.at(0); };
  const std::vector<float> upright{1, 2, 3, 4, 5, 6};  // of [2, 3]
  const std::vector<float> turned{1, 3, 5, 2, 4, 6};   // of [3, 2]
  OnnxBuilder start;
  start.input("x", {0, 3});

  OnnxBuilder matmul = start;
  matmul.floats("w", {3, 2}).floats("fc.bias", {2});
  matmul.node("MatMul", {"x", "w"}, {"s"}).node("Add", {"fc.bias", "s"}, {"y"}).output("y");
  CHECK(layer_of(matmul).layer.dense.weight == turned);
  CHECK(layer_of(matmul).layer.dense.bias == std::vector<float>{7, 8});
  CHECK(layer_of(matmul).layer.transposed);
  CHECK(layer_of(matmul).layer.name == "fc");

  OnnxBuilder transposed = start;
  transposed.floats("fc.weight", {2, 3}).node("Transpose", {"fc.weight"}, {"w"});
  transposed.node("MatMul", {"x", "w"}, {"y"}).output("y");
  CHECK(layer_of(transposed).layer.dense.weight == upright);
  CHECK(layer_of(transposed).layer.dense.bias == std::vector<float>{0, 0});
  CHECK(flow_of(transposed).outputs.at(0).name == "y");

  OnnxBuilder gemm = start;
  gemm.floats("w", {3, 2}).floats("b", {1, 2}).node("Identity", {"b"}, {"fc2.bias"});
  gemm.node("Gemm", {"x", "w", "fc2.bias"}, {"y"}).output("y");
  CHECK(layer_of(gemm).layer.dense.weight == turned);
  CHECK(layer_of(gemm).layer.dense.bias == std::vector<float>{7, 8});

  OnnxBuilder image;
  image.input("x", {0, 1, 3}).node("Flatten", {"x"}, {"row"}).dense("fc", "row", 3, 2);
  CHECK(layer_of(image).layer.dense.weight == upright);
}

TEST_CASE("layers that are not understood are refused by their node") {
  check_refused(
      {{"a constant of zero values",
        [](auto& b) {
          b.floats("w", {0, 6}).node("MatMul", {"x", "w"}, {"t"});
        },
        "shape [0, 6]"},
       {"weights of three sides",
        [](auto& b) {
          b.floats("w", {1, 6, 2}).node("MatMul", {"x", "w"}, {"t"});
        },
        "two sides"},
       {"weights that do not fit", [](auto& b) { b.dense("t", "a", 4, 4); },
        "has weights of 4 inputs, but takes 5"},
       {"weights that are computed",
        [](auto& b) {
          b.node("MatMul", {"x", "x"}, {"t"});
        },
        "no constant of floats"},
       {"a layer of sigma", [](auto& b) { b.dense("t", "sigma", 2, 2); }, "neither an input"},
       {"a second input",
        [](auto& b) {
          b.input("y", {0, 6});
          b.dense("t", "y", 6, 2);
        },
        "takes another input"},
       {"a second bias",
        [](auto& b) {
          b.node("Add", {"m.sum", "m.bias"}, {"t"});
        },
        "is not of a layer's outputs"},
       {"a bias of another size",
        [](auto& b) {
          b.floats("w", {6, 2})
              .node("MatMul", {"x", "w"}, {"s"})
              .node("Add", {"s", "a.bias"}, {"t"});
        },
        "adds a constant of shape [5] to 2 outputs"},
       {"an alpha",
        [](auto& b) {
          b.floats("w", {6, 2}).node("Gemm", {"x", "w"}, {"t"}, {{"alpha", 2.0F}});
        },
        "has an alpha"},
       {"an attribute of another type",
        [](auto& b) {
          b.floats("w", {6, 2}).node("Gemm", {"x", "w"}, {"t"}, {{"alpha", std::int64_t{1}}});
        },
        "alpha of another type"},
       {"two activations", [](auto& b) { b.node("Relu", {"a.sum"}, {"t"}); }, "second one"},
       {"an activation of a half",
        [](auto& b) {
          b.node("Split", {"m.sum"}, {"t", "u"}, {{"axis", std::int64_t{1}}});
          b.node("Relu", {"t"}, {"r"});
        },
        "not of all outputs"},
       {"an activation of the input", [](auto& b) { b.node("Relu", {"x"}, {"t"}); }, "dense layer"},
       {"a layer of a reshaped one",
        [](auto& b) {
          b.sides("to", {-1, 2, 2}).node("Reshape", {"b", "to"}, {"t"});
          b.floats("w", {2, 3}).node("MatMul", {"t", "w"}, {"u"});
        },
        "neither an input"}});
}
