#include "tools/format/onnx_flow.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "tests/tools/format/followed_graphs.hpp"
#include "tests/tools/format/onnx_models.hpp"
#include "tests/tools/temporary_folder.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

const std::vector<float>& floats_of(const OnnxBuilder& builder, const std::string& name) {
  return std::get<std::vector<float>>(builder.model.constants.at(name).values);
}

}  // namespace

TEST_CASE("a VAE in one graph") {
  const OnnxBuilder builder = whole_vae();
  const OnnxFlow flow = flow_of(builder);
  REQUIRE(flow.layers.size() == 7);
  const Names names{"a", "b", "m", "v", "c", "d", "e"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ForeignLayer& layer = flow.layers[i].layer;
    CHECK(layer.name == names[i]);
    CHECK(layer.dense.weight == floats_of(builder, names[i] + ".weight"));
    CHECK(layer.dense.bias == floats_of(builder, names[i] + ".bias"));
    CHECK(!layer.transposed);
  }
  CHECK(flow.layers[0].source == FlowSource::kInput);
  CHECK(flow.layers[0].activation == "softplus");
  CHECK(flow.layers[3].source == FlowSource::kLayer);
  CHECK(flow.layers[3].before == 1);
  CHECK(flow.layers[3].activation.empty());
  CHECK(flow.layers[4].source == FlowSource::kLatents);
  CHECK(flow.layers[6].activation == "sigmoid");
  CHECK(flow.mu == FlowPart{2, 0, 2});
  CHECK(flow.logvar == FlowPart{3, 0, 2});
  CHECK(!flow.log_sigma);
  CHECK(flow.outputs.empty());
}

TEST_CASE("ways to draw latents") {
  const auto draws = [](const std::function<void(OnnxBuilder&)>& draw) {
    OnnxBuilder builder;
    builder.input("x", {0, 6}).encoder("x");
    draw(builder);
    return flow_of(builder.decoder("z"));
  };
  for (const bool log_sigma : {false, true}) {
    const OnnxFlow flow = draws([&](OnnxBuilder& builder) {
      if (log_sigma) {
        builder.node("Exp", {"v.sum"}, {"sigma"}).noise("sigma");
      } else {
        builder.node("Exp", {"v.sum"}, {"square"}).node("Sqrt", {"square"}, {"sigma"});
        builder.noise("sigma");
      }
    });
    CHECK(flow.logvar == FlowPart{3, 0, 2});
    CHECK(flow.log_sigma == log_sigma);
  }
  const OnnxFlow divided = draws([](OnnxBuilder& builder) {
    builder.number("two", 2).node("Div", {"v.sum", "two"}, {"halved"});
    builder.node("Exp", {"halved"}, {"sigma"}).noise("sigma");
  });
  CHECK(divided.logvar == FlowPart{3, 0, 2});
  const OnnxFlow given = draws([](OnnxBuilder& builder) {
    builder.input("eps", {0, 2}).node("Exp", {"v.sum"}, {"sigma"});
    builder.node("Mul", {"sigma", "eps"}, {"spread"}).node("Add", {"spread", "m.sum"}, {"z"});
  });
  CHECK(given.mu == FlowPart{2, 0, 2});
  const OnnxFlow mean = draws([](OnnxBuilder& b) { b.node("Identity", {"m.sum"}, {"z"}); });
  CHECK(mean.mu == FlowPart{2, 0, 2});
  CHECK(!mean.logvar);
}

TEST_CASE("halves of a layer of both heads") {
  const auto heads = [](const std::function<void(OnnxBuilder&)>& part) {
    OnnxBuilder builder;
    builder.input("x", {0, 6}).hidden("a", "x", 6, 5).dense("h", "a", 5, 4);
    part(builder);
    builder.output("left").output("right");
    return flow_of(builder).outputs;
  };
  const auto split = [&](const Names& inputs, const Attributes& attributes) {
    return heads([&](OnnxBuilder& builder) {
      builder.sides("two", {2, 2}).node("Split", inputs, {"left", "right"}, attributes);
    });
  };
  const auto slices = heads([](OnnxBuilder& builder) {
    builder.sides("0", {0}).sides("2", {2}).sides("end", {INT64_MAX}).sides("axis", {-1});
    builder.node("Slice", {"h.sum", "0", "2", "axis"}, {"left"});
    builder.node("Slice", {"h.sum", "2", "end", "axis"}, {"right"});
  });
  const Attributes axis{{"axis", std::int64_t{1}}};
  const Attributes both{{"axis", std::int64_t{-1}}, {"split", std::vector<std::int64_t>{2, 2}}};
  for (const auto& parts :
       {slices, split({"h.sum", "two"}, axis), split({"h.sum"}, axis), split({"h.sum"}, both)}) {
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].part == FlowPart{1, 0, 2});
    CHECK(parts[1].part == FlowPart{1, 2, 2});
  }
  // As chunk() of PyTorch is written, computed from the shape.
  const auto chunks = heads([](OnnxBuilder& builder) {
    builder.sides("0", {0}).sides("1", {1}).sides("2", {2});
    builder.node("Shape", {"h.sum"}, {"shape"}).node("Gather", {"shape", "1"}, {"size"});
    builder.node("Add", {"size", "1"}, {"more"}).node("Div", {"more", "2"}, {"half"});
    builder.node("Mul", {"half", "2"}, {"all"});
    builder.node("Slice", {"h.sum", "0", "half", "1"}, {"left"});
    builder.node("Slice", {"h.sum", "half", "all", "1"}, {"right"});
  });
  CHECK(chunks[1].part == FlowPart{1, 2, 2});
}

TEST_CASE("what is not understood is refused by its node") {
  const Attributes axis0{{"axis", std::int64_t{0}}};
  check_refused(
      {{"another operator", [](auto& b) { b.node("Tanh", {"a"}, {"t"}); },
        "the node \"the t\" of \"Tanh\" is not understood"},
       {"a tensor that is nowhere", [](auto& b) { b.node("Exp", {"t"}, {"t"}); },
        "takes \"t\", which no constant, input or earlier node gives"},
       {"no input", [](auto& b) { b.node("Exp", {}, {"t"}); }, "has 0 inputs"},
       {"a value given twice", [](auto& b) { b.node("Identity", {"x"}, {"a"}); }, "already"},
       {"two outputs",
        [](auto& b) {
          b.node("Exp", {"v.sum"}, {"t", "u"});
        },
        "has 2 outputs"},
       {"two sums",
        [](auto& b) {
          b.node("Add", {"m.sum", "v.sum"}, {"t"});
        },
        "adds neither"},
       {"a sigma of another power",
        [](auto& b) {
          b.number("k", 0.25F).node("Mul", {"v.sum", "k"}, {"t"}).node("Exp", {"t"}, {"s"});
          b.node("Mul", {"eps", "s"}, {"u"}).node("Add", {"m.sum", "u"}, {"w"});
        },
        "sigma exp(0.25 x)"},
       {"other latents",
        [](auto& b) {
          b.node("Add", {"v.sum", "spread"}, {"t"});
        },
        "takes other latents"},
       {"products of sums",
        [](auto& b) {
          b.node("Mul", {"m.sum", "v.sum"}, {"t"});
        },
        "neither of noise by sigma"},
       {"a product by many",
        [](auto& b) {
          b.floats("k", {2}).node("Mul", {"m.sum", "k"}, {"t"});
        },
        "by 2 constants"},
       {"an exponential of an activation", [](auto& b) { b.node("Exp", {"a"}, {"t"}); }, "head"},
       {"a root of sums", [](auto& b) { b.node("Sqrt", {"m.sum"}, {"t"}); }, "variance"},
       {"noise of another scale",
        [](auto& b) {
          b.node("RandomNormalLike", {"x"}, {"t"}, {{"scale", 2.0F}});
        },
        "mean 0"},
       {"a split of rows",
        [=](auto& b) {
          b.node("Split", {"m.sum"}, {"t", "u"}, axis0);
        },
        "last axis"},
       {"a split into three",
        [](auto& b) {
          b.node("Split", {"m.sum"}, {"t", "u", "w"}, {{"axis", std::int64_t{1}}});
        },
        "two halves"},
       {"a split into unequal parts",
        [](auto& b) {
          b.sides("sizes", {3, 1}).dense("t", "b", 4, 4);
          b.node("Split", {"t.sum", "sizes"}, {"u", "w"}, {{"axis", std::int64_t{1}}});
        },
        "two halves"},
       {"a slice of every second one",
        [](auto& b) {
          b.sides("i", {0}).sides("j", {2}).sides("axis", {1});
          b.node("Slice", {"m.sum", "i", "j", "axis", "j"}, {"t"});
        },
        "has steps"},
       {"noise of another width",
        [](auto& b) {
          b.dense("t", "b", 4, 3).node("Exp", {"t.sum"}, {"s"});
          b.node("Mul", {"eps", "s"}, {"u"}).node("Add", {"m.sum", "u"}, {"w"});
        },
        "adds 3 values of noise to 2"},
       {"pixels as noise",
        [](auto& b) {
          b.node("Mul", {"x", "sigma"}, {"t"});
        },
        "used as noise, too"},
       {"a slice of rows",
        [](auto& b) {
          b.sides("i", {0}).sides("j", {1}).node("Slice", {"m.sum", "i", "j", "i"}, {"t"});
        },
        "along axis 0"},
       {"an output that is nowhere", [](auto& b) { b.output("t"); }, "no node gives the output"}});
  const auto message =
      refusal_of(OnnxBuilder().node("Identity", {"b"}, {"a"}).node("Identity", {"a"}, {"b"}));
  CHECK(contains(message, "takes \"b\""));  // a cycle
}
