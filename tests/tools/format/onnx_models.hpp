// Graphs of ONNX as onnx_reader.hpp gives them, node by node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "tools/format/onnx_reader.hpp"

namespace picovae::tests {

using Names = std::vector<std::string>;
using Attributes = std::map<std::string, tools::OnnxReadAttribute>;

class OnnxBuilder {
 public:
  tools::OnnxModel model;

  OnnxBuilder& input(const std::string& name, const std::vector<std::size_t>& shape) {
    model.inputs.push_back({name, shape});
    return *this;
  }

  // Values are counted on from constant to constant.
  OnnxBuilder& floats(const std::string& name, const std::vector<std::size_t>& shape) {
    std::size_t size = 1;
    for (const std::size_t side : shape) size *= side;
    std::vector<float> values(size);
    for (float& value : values) value = ++next_;
    model.constants[name] = {shape, values};
    return *this;
  }

  OnnxBuilder& number(const std::string& name, float value) {
    model.constants[name] = {{}, std::vector{value}};
    return *this;
  }

  OnnxBuilder& sides(const std::string& name, const std::vector<std::int64_t>& values) {
    model.constants[name] = {{values.size()}, values};
    return *this;
  }

  OnnxBuilder& node(const std::string& op, const Names& inputs, const Names& outputs,
                    const Attributes& attributes = {}) {
    model.nodes.push_back({"the " + outputs.at(0), op, inputs, outputs, attributes});
    return *this;
  }

  // `name`.sum = x times name.weight [out, in], plus name.bias; as PyTorch has it.
  OnnxBuilder& dense(const std::string& name, const std::string& x, std::size_t in,
                     std::size_t out) {
    floats(name + ".weight", {out, in});
    floats(name + ".bias", {out});
    return node("Gemm", {x, name + ".weight", name + ".bias"}, {name + ".sum"},
                {{"transB", std::int64_t{1}}});
  }

  // The same, then softplus: `name`.
  OnnxBuilder& hidden(const std::string& name, const std::string& x, std::size_t in,
                      std::size_t out) {
    dense(name, x, in, out);
    return node("Softplus", {name + ".sum"}, {name});
  }

  // 6-5-4-2 from `x` to m.sum and v.sum.
  OnnxBuilder& encoder(const std::string& x) {
    hidden("a", x, 6, 5).hidden("b", "a", 5, 4).dense("m", "b", 4, 2);
    return dense("v", "b", 4, 2);
  }

  // z = m.sum + exp(v.sum / 2) noise.
  OnnxBuilder& latents() {
    number("half", 0.5F).node("Mul", {"v.sum", "half"}, {"halved"});
    return node("Exp", {"halved"}, {"sigma"}).noise("sigma");
  }

  // z = m.sum + sigma noise.
  OnnxBuilder& noise(const std::string& sigma) {
    return node("RandomNormalLike", {sigma}, {"eps"})
        .node("Mul", {"eps", sigma}, {"spread"})
        .node("Add", {"m.sum", "spread"}, {"z"});
  }

  // From z to `pixels`.
  OnnxBuilder& decoder(const std::string& z) {
    hidden("c", z, 2, 4).hidden("d", "c", 4, 5).dense("e", "d", 5, 6);
    return node("Sigmoid", {"e.sum"}, {"pixels"}).output("pixels");
  }

  OnnxBuilder& output(const std::string& name) {
    model.outputs.push_back(name);
    return *this;
  }

 private:
  float next_ = 0;
};

// All of a VAE in one graph.
inline OnnxBuilder whole_vae() {
  OnnxBuilder builder;
  builder.input("x", {0, 6}).encoder("x").latents().decoder("z");
  return builder;
}

}  // namespace picovae::tests
