#include "tools/format/import_network.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/tools/format/foreign_layers.hpp"
#include "tests/tools/temporary_folder.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

ForeignModel model_of(const std::vector<ForeignLayer>& layers) {
  ForeignModel model;
  model.layers = layers;
  return model;
}

std::vector<std::string> found_in(const std::vector<ForeignLayer>& layers,
                                  const std::string& text = "") {
  LayerMap map;
  CHECK(parse_layer_map(text, map).empty());
  std::vector<std::string> names;
  for (const FoundLayer& found : import_network(model_of(layers), map, {}, "FILE").found) {
    names.push_back(found.from);
  }
  return names;
}

std::string error_of(const std::vector<ForeignLayer>& layers, const std::string& text = "") {
  const auto message = message_of([&] { found_in(layers, text); });
  CHECK(is_one_line_about(message, "FILE"));
  return message;
}

}  // namespace

TEST_CASE("words and numbers decide what shapes do not") {
  using Names = std::vector<std::string>;
  const Names torch{"encoder.0", "encoder.2", "fc_mu",    "fc_logvar",
                    "decoder.0", "decoder.2", "decoder.4"};
  CHECK(found_in(twins("encoder.0", "encoder.2", "fc_mu", "fc_logvar", "decoder.0", "decoder.2",
                       "decoder.4")) == torch);
  const Names keras{"dense", "dense_1", "z_mean", "z_log_var", "dense_2", "dense_3", "dense_4"};
  CHECK(found_in(twins("dense", "dense_1", "z_mean", "z_log_var", "dense_2", "dense_3",
                       "dense_4")) == keras);
}

TEST_CASE("what names leave open is asked for") {
  const auto layers = twins("fc1", "fc2", "fc31", "fc32", "fc4", "fc5", "fc6");
  CHECK(contains(error_of(layers), "such as --map \"fc3"));
  CHECK(found_in(layers, "fc31=mu,fc32=logvar").at(2) == "fc31");
  CHECK(found_in(layers, "fc32=mu").at(2) == "fc32");
  CHECK(found_in(layers, "fc32=mu").at(1) == "fc2");
  CHECK(contains(error_of(layers, "fc9=mu"), "has no layer \"fc9\""));
  CHECK(contains(error_of(layers, "fc1=mu"), "shapes speak against what layers are said to be"));
}

TEST_CASE("one layer of both heads is split, mu first if not said otherwise") {
  const auto layers = layers_of(
      {{"fc1", 9, 6}, {"fc2", 6, 6}, {"fc3", 6, 4}, {"fc4", 2, 6}, {"fc5", 6, 6}, {"fc6", 6, 9}});
  const ImportedNetwork imported = import_network(model_of(layers), {}, {}, "FILE");
  const DenseWeights& heads = layers[2].dense;
  const std::vector first(heads.weight.begin(), heads.weight.begin() + 12);
  const std::vector second(heads.weight.begin() + 12, heads.weight.end());
  const Network& network = imported.network;
  CHECK(network.sizes() == std::vector<std::size_t>{9, 6, 6, 2});
  CHECK(network.mu.weight == first);
  CHECK(network.logvar.weight == second);
  CHECK(network.logvar.bias == std::vector(heads.bias.begin() + 2, heads.bias.end()));
  CHECK(network.encoder1.weight == layers[1].dense.weight);
  CHECK(network.decoder1.weight == layers[4].dense.weight);
  CHECK(imported.found[3].name == "encoder.logvar");
  CHECK(imported.found[3].part == LayerPart::kSecondHalf);
  const auto turned = import_network(model_of(layers), {{"fc3", "logvar+mu"}}, {}, "FILE").network;
  CHECK(turned.mu.weight == second);
  CHECK(turned.logvar.weight == first);
  CHECK(contains(error_of(layers, "fc3=mu"), "shapes speak against what layers are said to be"));
}

TEST_CASE("what the file says besides") {
  ForeignModel model = model_of(twins("a1", "a2", "mu", "var", "a3", "a4", "a5"));
  model.metadata = {{"format", "pt"}};
  model.activation = "softplus";
  CHECK(import_network(model, {}, {}, "FILE").network.metadata == model.metadata);
  CHECK(import_network(model, {}, {}, "FILE").network.activation == picovae::Activation::kSoftplus);
  CHECK(import_network(model, {}, picovae::Activation::kSoftplus, "FILE").network.activation ==
        picovae::Activation::kSoftplus);
  CHECK(contains(message_of([&] { import_network(model, {}, picovae::Activation::kRelu, "FILE"); }),
                 "its hidden layers are softplus; leave out --activation"));
  model.activation = "relu";
  CHECK(import_network(model, {}, {}, "FILE").network.activation == picovae::Activation::kRelu);
  model.activation = "";
  CHECK(import_network(model, {}, {}, "FILE").network.activation == picovae::Activation::kSoftplus);
  CHECK(import_network(model, {}, picovae::Activation::kRelu, "FILE").network.activation ==
        picovae::Activation::kRelu);
  model.activation = "gelu";
  CHECK(
      contains(message_of([&] { import_network(model, {}, {}, "FILE"); }), "layers are \"gelu\""));
}

TEST_CASE("one hidden layer each way, with heads apart and joined") {
  const auto layers =
      layers_of({{"fc1", 9, 6}, {"fc21", 6, 2}, {"fc22", 6, 2}, {"fc3", 2, 6}, {"fc4", 6, 9}});
  CHECK(contains(error_of(layers), "say which is which, such as --map"));
  const auto apart = import_network(model_of(layers), {{"fc22", "encoder.mu"}}, {}, "FILE").network;
  CHECK(apart.sizes() == std::vector<std::size_t>{9, 6, 2});
  CHECK(apart.encoder0.weight == layers[0].dense.weight);
  CHECK(apart.encoder1.weight.empty());
  CHECK(apart.mu.weight == layers[2].dense.weight);
  CHECK(apart.logvar.weight == layers[1].dense.weight);
  CHECK(apart.decoder0.weight == layers[3].dense.weight);
  CHECK(apart.decoder1.weight.empty());
  CHECK(apart.decoder2.weight == layers[4].dense.weight);
  const auto joined = layers_of({{"a", 9, 6}, {"b", 6, 4}, {"c", 2, 6}, {"d", 6, 9}});
  const auto imported = import_network(model_of(joined), {}, {}, "FILE");
  CHECK(imported.network.sizes() == std::vector<std::size_t>{9, 6, 2});
  CHECK(imported.network.decoder2.weight == joined[3].dense.weight);
  CHECK(imported.found.size() == 5);
  CHECK(imported.found[2].name == "encoder.logvar");
}

TEST_CASE("log sigma is half of log sigma squared") {
  Network network;
  network.logvar = {1, 2, {1, -2}, {3, 4}};
  double_logvar(network);
  CHECK(network.logvar.weight == std::vector<float>{2, -4});
  CHECK(network.logvar.bias == std::vector<float>{6, 8});
}

TEST_CASE("other models are refused by what they are") {
  CHECK(contains(error_of(layers_of({{"a", 9, 6}})), "1 dense layer that"));
  CHECK(contains(error_of({}), "no dense layers"));
  CHECK(contains(error_of(layers_of({{"a", 9, 6},
                                     {"b", 6, 6},
                                     {"c", 6, 6},
                                     {"d", 6, 4},
                                     {"e", 2, 6},
                                     {"f", 6, 6},
                                     {"g", 6, 6},
                                     {"h", 6, 9}})),
                 "is a VAE of 3 hidden layers each way, 9-6-6-6-2"));
  CHECK(contains(error_of(layers_of({{"a", 9, 5000},
                                     {"b", 5000, 6},
                                     {"c", 6, 4},
                                     {"d", 2, 6},
                                     {"e", 6, 5000},
                                     {"f", 5000, 9}})),
                 "takes 1 to"));
  auto layers = twins("a", "b", "mu", "var", "c", "d", "e");
  layers[0].dense.out = 8;
  CHECK(contains(error_of(layers), "no chain"));
}

TEST_CASE("maps") {
  LayerMap map;
  CHECK(parse_layer_map("a=mu,b=decoder.1", map).empty());
  CHECK(map == LayerMap{{"a", "encoder.mu"}, {"b", "decoder.1"}});
  CHECK(parse_layer_map("a=b=logvar+mu", map).empty());
  CHECK(map == LayerMap{{"a=b", "logvar+mu"}});
  for (const char* bad : {"a", "=mu", "a=", "a=x", "a=mu,a=logvar", ","}) {
    CAPTURE(bad);
    CHECK(!parse_layer_map(bad, map).empty());
  }
}
