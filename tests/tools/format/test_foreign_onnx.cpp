#include "tools/format/foreign_onnx.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/tools/format/onnx_models.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/import_network.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

ForeignModel whole(const OnnxBuilder& builder) { return foreign_onnx({builder.model, "FILE"}); }

ForeignModel halves(const OnnxBuilder& encoder, const OnnxBuilder& decoder) {
  return foreign_onnx({encoder.model, "FILE"}, {decoder.model, "FILE2"});
}

// Names that none can go by.
OnnxBuilder encoder() {
  OnnxBuilder builder;
  builder.input("x", {0, 6}).encoder("x");
  return builder;
}

OnnxBuilder decoder() {
  OnnxBuilder builder;
  builder.input("z", {0, 2}).decoder("z");
  return builder;
}

}  // namespace

TEST_CASE("a graph says all that shapes and names would") {
  auto builder = whole_vae();
  builder.model.metadata = {{"epochs", "3"}, {"picovae.type", "f32"}, {"picovae.columns", "2"}};
  const ForeignModel model = whole(builder);
  CHECK(model.activation == "softplus");
  CHECK(model.sigmoid);
  CHECK(model.log_sigma == false);
  CHECK(model.roles == LayerMap{{"a", "encoder.0"},
                                {"b", "encoder.1"},
                                {"m", "encoder.mu"},
                                {"v", "encoder.logvar"},
                                {"c", "decoder.0"},
                                {"d", "decoder.1"},
                                {"e", "decoder.2"}});
  CHECK(model.metadata ==
        std::map<std::string, std::string>{{"epochs", "3"}, {"picovae.columns", "2"}});
  const Network network = import_network(model, {}, {}, "FILE").network;
  CHECK(network.mu.weight == model.layers[2].dense.weight);
  CHECK(network.decoder1.weight == model.layers[5].dense.weight);
  CHECK(contains(message_of([&] {
                   import_network(model, {{"m", "encoder.logvar"}}, {}, "FILE");
                 }),
                 "says itself that \"m\" is encoder.mu"));
}

TEST_CASE("halves in two graphs") {
  auto first = encoder();
  auto second = decoder();
  ForeignModel model = halves(first.output("m.sum").output("v.sum"), second);
  CHECK(model.layers.size() == 7);
  CHECK(!model.roles.contains("m"));  // nothing says so
  CHECK(model.roles.at("e") == "decoder.2");
  CHECK(!model.log_sigma);
  CHECK(contains(message_of([&] { import_network(model, {}, {}, "FILE"); }), "\"m=mu,v=logvar\""));

  first.node("Identity", {"v.sum"}, {"mean"}).output("mean");
  model = halves(first, second);
  CHECK(model.roles.at("v") == "encoder.mu");
  CHECK(model.roles.at("m") == "encoder.logvar");

  auto same = encoder();
  same.model.outputs = {"m.sum", "v.sum"};
  auto clash = decoder();
  clash.model.constants["a.weight"] = clash.model.constants["c.weight"];
  clash.model.nodes[0].inputs[1] = "a.weight";
  model = halves(same, clash);
  CHECK(model.layers[0].name == "encoder.a");
  CHECK(model.layers[4].name == "decoder.a");
}

TEST_CASE("heads in one layer") {
  const auto joined = [](const char* left, const char* right) {
    OnnxBuilder builder;
    builder.input("x", {0, 6}).hidden("a", "x", 6, 5).hidden("b", "a", 5, 4).dense("h", "b", 4, 4);
    return builder.node("Split", {"h.sum"}, {left, right}, {{"axis", std::int64_t{1}}});
  };
  const auto role = [](const OnnxBuilder& builder) { return halves(builder, decoder()).roles; };
  CHECK(role(joined("mu", "logvar").output("mu").output("logvar")).at("h") == "mu+logvar");
  CHECK(role(joined("l", "mu").output("mu")).at("h") == "logvar+mu");
  CHECK(role(joined("log_var", "m").output("log_var")).at("h") == "logvar+mu");
  CHECK(!role(joined("l", "r").output("l").output("r")).contains("h"));
  auto drawn = joined("v.sum", "m.sum");
  const ForeignModel model = whole(drawn.latents().decoder("z"));
  CHECK(model.roles.at("h") == "logvar+mu");
  CHECK(import_network(model, {}, {}, "FILE").found[2].part == LayerPart::kSecondHalf);
}

TEST_CASE("one hidden layer each way is read, and more than two have no names for places") {
  OnnxBuilder builder;
  builder.input("x", {0, 6}).hidden("a", "x", 6, 5).dense("m", "a", 5, 2).dense("v", "a", 5, 2);
  builder.latents().hidden("c", "z", 2, 5).dense("d", "c", 5, 6).output("d.sum");
  const ForeignModel model = whole(builder);
  CHECK(model.roles.size() == 5);
  CHECK(model.roles.at("d") == "decoder.2");
  CHECK(!model.sigmoid);
  const Network network = import_network(model, {}, {}, "FILE").network;
  CHECK(network.sizes() == std::vector<std::size_t>{6, 5, 2});
  CHECK(network.decoder0.weight == model.layers[3].dense.weight);

  OnnxBuilder deep;
  deep.input("x", {0, 6}).hidden("a", "x", 6, 5).hidden("b", "a", 5, 4).hidden("h", "b", 4, 3);
  deep.dense("m", "h", 3, 2).dense("v", "h", 3, 2).latents().hidden("c", "z", 2, 3);
  deep.hidden("d", "c", 3, 4).hidden("e", "d", 4, 5).dense("f", "e", 5, 6).output("f.sum");
  const ForeignModel other = whole(deep);
  CHECK(other.roles.size() == 2);
  CHECK(contains(message_of([&] { import_network(other, {}, {}, "FILE"); }),
                 "VAE of 3 hidden layers each way, 6-5-4-3-2"));
}

TEST_CASE("other chains are refused") {
  const auto error = [](const auto& make) {
    const auto message = message_of(make);
    CHECK(is_one_line_about(message, "FILE"));
    return message;
  };
  const auto relu = [](OnnxBuilder builder) {
    for (OnnxNode& node : builder.model.nodes) {
      if (node.op == "Softplus") {
        node.op = "Relu";
        break;
      }
    }
    return builder;
  };
  CHECK(contains(error([] { whole(encoder()); }), "draws no latents"));
  CHECK(contains(error([&] { whole(relu(whole_vae())); }), "by softplus, others by relu"));
  CHECK(contains(error([] { halves(decoder(), encoder()); }), "is this the encoder?"));
  CHECK(contains(error([] { halves(encoder(), encoder()); }), "2 layers take what"));
  CHECK(contains(error([] { halves(OnnxBuilder(), decoder()); }), "0 layers take what the input"));
  CHECK(contains(error([] { whole(whole_vae().dense("k", "b", 4, 2)); }), "3 layers take what"));
  CHECK(contains(error([] { whole(whole_vae().dense("k", "pixels", 6, 2)); }),
                 "has 8 dense layers, but only 7 from"));
  CHECK(contains(error([] { whole(whole_vae().node("Relu", {"m.sum"}, {"r"})); }),
                 "is followed by relu; expected mu and logvar as they are"));
  OnnxBuilder same;
  same.input("x", {0, 6}).encoder("x").node("Exp", {"m.sum"}, {"sigma"}).noise("sigma");
  const auto softplus = [](OnnxBuilder builder) {
    builder.model.nodes.back().op = "Softplus";
    return builder;
  };
  CHECK(contains(error([&] { whole(softplus(whole_vae())); }), "ends in softplus after the node"));
  CHECK(contains(error([&] { whole(same.decoder("z")); }), "takes what is no head"));
}
