#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/format/network.hpp"
#include "tools/format/safetensors.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

// All four sizes differ, so that no two can be mistaken for each other.
SafetensorsFile example() {
  SafetensorsFile file;
  const auto add = [&](const std::string& name, std::size_t out, std::size_t in) {
    file.tensors.push_back({name + ".weight", {out, in}, std::vector<float>(out * in)});
    file.tensors.push_back({name + ".bias", {out}, std::vector<float>(out)});
  };
  add("encoder.0", 5, 7);
  add("encoder.1", 3, 5);
  add("encoder.mu", 2, 3);
  add("encoder.logvar", 2, 3);
  add("decoder.0", 3, 2);
  add("decoder.1", 5, 3);
  add("decoder.2", 7, 5);
  float next = 0;
  for (Tensor& tensor : file.tensors) {
    for (float& value : tensor.data) value = ++next;
  }
  file.metadata = {{"format", "pt"}};
  return file;
}

Tensor& tensor_of(SafetensorsFile& file, const std::string& name) {
  const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                  [&](const Tensor& tensor) { return tensor.name == name; });
  REQUIRE(found != file.tensors.end());
  return *found;
}

Network parse(const SafetensorsFile& file) {
  return parse_network(encode_safetensors(file, "FILE"), "FILE");
}

std::string error_of(const SafetensorsFile& file) {
  const auto message = message_of([&] { parse(file); });
  CHECK(is_one_line_about(message, "FILE"));
  return message;
}

void reshape(Tensor& tensor, const std::vector<std::size_t>& shape) {
  std::size_t size = 1;
  for (const std::size_t side : shape) size *= side;
  tensor.shape = shape;
  tensor.data.assign(size, 0);
}

}  // namespace

TEST_CASE("a network is read from its fourteen tensors in any order") {
  auto file = example();
  for (int turn = 0; turn < 2; ++turn) {
    const Network network = parse(file);
    CHECK(network.pixels == 7);
    CHECK(network.hidden1 == 5);
    CHECK(network.hidden2 == 3);
    CHECK(network.latent == 2);
    CHECK(network.encoder0.in == 7);
    CHECK(network.encoder0.out == 5);
    CHECK(network.encoder0.weight == tensor_of(file, "encoder.0.weight").data);
    CHECK(network.encoder1.weight == tensor_of(file, "encoder.1.weight").data);
    CHECK(network.mu.weight == tensor_of(file, "encoder.mu.weight").data);
    CHECK(network.mu.bias == tensor_of(file, "encoder.mu.bias").data);
    CHECK(network.logvar.bias == tensor_of(file, "encoder.logvar.bias").data);
    CHECK(network.decoder0.weight == tensor_of(file, "decoder.0.weight").data);
    CHECK(network.decoder1.weight == tensor_of(file, "decoder.1.weight").data);
    CHECK(network.decoder2.weight == tensor_of(file, "decoder.2.weight").data);
    CHECK(network.decoder2.in == 5);
    CHECK(network.decoder2.out == 7);
    CHECK(network.metadata.at("format") == "pt");
    std::reverse(file.tensors.begin(), file.tensors.end());
  }
}

TEST_CASE("a network of one hidden layer has ten tensors") {
  auto file = example();
  const auto take_out = [&](const std::string& layer) {
    std::erase_if(file.tensors,
                  [&](const Tensor& tensor) { return tensor.name.starts_with(layer + "."); });
  };
  take_out("encoder.1");
  CHECK(contains(error_of(file), "encoder.1.weight is missing; save all seven layers"));
  take_out("decoder.1");
  CHECK(contains(error_of(file), "encoder.mu.weight has shape [2, 3]; expected [2, 5]"));
  for (const char* name : {"encoder.mu.weight", "encoder.logvar.weight"}) {
    reshape(tensor_of(file, name), {2, 5});
  }
  reshape(tensor_of(file, "decoder.0.weight"), {5, 2});
  reshape(tensor_of(file, "decoder.0.bias"), {5});
  const Network network = parse(file);
  CHECK(network.sizes() == std::vector<std::size_t>{7, 5, 2});
  CHECK(dimensions_of(network) == Dimensions{7, 5, 0, 2});
  CHECK(to_safetensors(network, "FILE") == file);
  const auto layers = engine_layers(network);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    CHECK(layers[i].in == layer_sizes(dimensions_of(network))[i].in);
    CHECK(layers[i].out == layer_sizes(dimensions_of(network))[i].out);
  }
  take_out("decoder.0");
  CHECK(contains(error_of(file), "decoder.0.weight is missing; save all five layers"));
}

TEST_CASE("a saved network is the file it came from") {
  const TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  save_network(path, parse(example()));
  CHECK(read_safetensors(path) == example());
  save_network(path, load_network(path));
  CHECK(read_file(path, 10'000) == encode_safetensors(example(), ""));
}

TEST_CASE("the activation of hidden layers is kept, and one that is not known is refused") {
  Network network = parse(example());
  CHECK(network.activation == Activation::kSoftplus);
  CHECK_FALSE(to_safetensors(network, "FILE").metadata.contains("picovae.activation"));
  network.activation = Activation::kRelu;
  SafetensorsFile file = to_safetensors(network, "FILE");
  CHECK(file.metadata.at("picovae.activation") == "relu");
  network = parse(file);
  CHECK(network.activation == Activation::kRelu);
  network.activation = Activation::kSoftplus;  // what the metadata had does not stay
  CHECK_FALSE(to_safetensors(network, "FILE").metadata.contains("picovae.activation"));
  file.metadata["picovae.activation"] = "softplus";
  CHECK(parse(file).activation == Activation::kSoftplus);
  for (const char* text : {"", "tanh", "ReLU", "relu "}) {
    file.metadata["picovae.activation"] = text;
    CHECK(contains(error_of(file), "it can be softplus or relu"));
  }
}

TEST_CASE("columns of an image are kept, if they divide it") {
  Network network = parse(example());
  CHECK(network.columns == 0);
  network.columns = 7;
  CHECK(parse(to_safetensors(network, "FILE")).columns == 7);
  for (const char* text : {"", "0", "2", "-7", "7 ", "seven", "7000000000000000000000"}) {
    CAPTURE(std::string(text));
    auto file = example();
    file.metadata["picovae.columns"] = text;
    CHECK(parse(file).columns == 0);
  }
}

TEST_CASE("extras are passed over, strangers are not") {
  auto file = example();
  file.tensors.push_back({"picovae.adam.step", {1}, {3}});
  CHECK(parse(file).latent == 2);
  file.tensors.push_back({"decoder.3.bias", {1}, {3}});
  CHECK(contains(error_of(file), "\"decoder.3.bias\" belongs to no layer"));
  file = example();
  file.tensors.push_back({"picovae", {1}, {3}});
  CHECK(contains(error_of(file), "\"picovae\" belongs to no layer"));
}

TEST_CASE("each missing tensor is named") {
  for (const Tensor& tensor : example().tensors) {
    auto file = example();
    std::erase(file.tensors, tensor);
    CHECK(contains(error_of(file), "the tensor " + tensor.name + " is missing"));
    // A stranger in its place does not hide it.
    file.tensors.push_back({"stranger", {1}, {1}});
    CHECK(contains(error_of(file), "the tensor " + tensor.name + " is missing"));
  }
}

TEST_CASE("a model of another program is named, with the command that reads it") {
  auto file = example();
  for (Tensor& tensor : file.tensors) {
    if (tensor.name.starts_with("encoder.mu")) tensor.name.replace(0, 10, "fc_mu");
  }
  const auto message = error_of(file);
  CHECK(contains(message, "is 7-5-3-2 under other names"));
  CHECK(contains(message, "\"fc_mu\" 3-2"));
  CHECK(contains(message, "run picovae import FILE --out model.safetensors"));
  file.tensors.push_back({"conv.weight", {1, 1, 1}, {1}});
  CHECK(contains(error_of(file), "is a model of another program, \"encoder.0.weight\", "));
  CHECK(contains(error_of({}), "the tensor encoder.0.weight is missing"));
}

TEST_CASE("each tensor of a wrong shape is refused") {
  for (const Tensor& tensor : example().tensors) {
    CAPTURE(tensor.name);
    for (std::size_t side = 0; side < tensor.shape.size(); ++side) {
      auto file = example();
      auto shape = tensor.shape;
      ++shape[side];
      reshape(tensor_of(file, tensor.name), shape);
      CHECK(contains(error_of(file), "has shape"));
    }
    auto file = example();
    auto shape = tensor.shape;
    shape.push_back(1);
    reshape(tensor_of(file, tensor.name), shape);
    CHECK(contains(error_of(file), "the tensor " + tensor.name + " has shape"));
    reshape(tensor_of(file, tensor.name), {});
    CHECK(contains(error_of(file), "the tensor " + tensor.name + " has shape []"));
  }
  auto file = example();
  reshape(tensor_of(file, "decoder.1.weight"), {3, 5});
  CHECK(contains(error_of(file), "decoder.1.weight has shape [3, 5]; expected [5, 3]"));
  file = example();
  reshape(tensor_of(file, "encoder.0.weight"), {0, 7});
  CHECK(contains(error_of(file), "each at least 1"));
}

TEST_CASE("a network that does not hold together is not saved") {
  const TemporaryFolder folder;
  auto network = parse(example());
  network.latent = 3;
  CHECK(contains(message_of([&] { save_network(folder / "a", network); }),
                 "encoder.mu has shape [2, 3]; expected [3, 3]"));
  network = parse(example());
  network.decoder2.bias.pop_back();
  CHECK(contains(message_of([&] { save_network(folder / "a", network); }), "decoder.2.bias"));
  CHECK(folder.count() == 0);
}

TEST_CASE("the engine's layers are the network's, with one layer for both heads") {
  constexpr Dimensions kSize{70, 37, 21, 3};
  const Network network = random_network(kSize, 7);
  const auto layers = engine_layers(network);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    CHECK(layers[i].in == layer_sizes(kSize)[i].in);
    CHECK(layers[i].out == layer_sizes(kSize)[i].out);
  }
  const DenseWeights& heads = layers[kEncoderHeads];
  CHECK(std::equal(network.mu.weight.begin(), network.mu.weight.end(), heads.weight.begin()));
  CHECK(std::equal(network.logvar.weight.rbegin(), network.logvar.weight.rend(),
                   heads.weight.rbegin()));
  CHECK(std::equal(network.logvar.bias.rbegin(), network.logvar.bias.rend(), heads.bias.rbegin()));
  CHECK(dimensions_of(network) == kSize);
}
