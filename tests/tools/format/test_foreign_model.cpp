#include "tools/format/foreign_model.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/temporary_folder.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

using Sizes = std::vector<std::size_t>;

// Values 1, 2, 3, ...
Tensor tensor(const char* name, const Sizes& shape) {
  std::size_t size = 1;
  for (const std::size_t side : shape) size *= side;
  Tensor tensor{name, shape, std::vector<float>(size)};
  std::iota(tensor.data.begin(), tensor.data.end(), 1.0F);
  return tensor;
}

std::string error_of(const std::vector<Tensor>& tensors) {
  const auto message = message_of([&] { foreign_model({tensors, {}}, "FILE"); });
  CHECK(is_one_line_about(message, "FILE"));
  return message;
}

std::string error_of_file(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  const auto message = message_of([&] { parse_foreign(bytes, "FILE"); });
  CHECK(is_one_line_about(message, "FILE"));
  return message;
}

}  // namespace

TEST_CASE("weights go with the bias of their name, whichever side is the input") {
  const auto model = foreign_model({{tensor("b2", {2}), tensor("module.fc1.weight", {2, 3}),
                                     tensor("W2", {3, 2}), tensor("module.fc1.bias", {2})},
                                    {}},
                                   "FILE");
  REQUIRE(model.layers.size() == 2);
  CHECK(model.layers[0].name == "fc1");
  CHECK(model.layers[0].dense.in == 3);
  CHECK(model.layers[0].dense.out == 2);
  CHECK(!model.layers[0].transposed);
  CHECK(model.layers[0].dense.weight == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(model.layers[1].name == "2");
  CHECK(model.layers[1].dense.in == 3);
  CHECK(model.layers[1].transposed);
  CHECK(model.layers[1].dense.weight == std::vector<float>{1, 3, 5, 2, 4, 6});
  CHECK(model.layers[1].dense.bias == std::vector<float>{1, 2});
  CHECK(list_layers(model.layers) == "\"fc1\" 3-2, \"2\" 3-2");
}

TEST_CASE("square weights are as the others, else as their names say") {
  const auto is_turned = [](const std::vector<Tensor>& tensors) {
    return foreign_model({tensors, {}}, "FILE").layers.at(0).transposed;
  };
  const Tensor square = tensor("a.weight", {2, 2});
  const Tensor kernel = tensor("a.kernel", {2, 2});
  const Tensor bias = tensor("a.bias", {2});
  CHECK(!is_turned({square, bias}));
  CHECK(is_turned({kernel, bias}));
  CHECK(is_turned({square, bias, tensor("b.weight", {3, 2}), tensor("b.bias", {2})}));
  CHECK(!is_turned({kernel, bias, tensor("b.weight", {2, 3}), tensor("b.bias", {2})}));
}

TEST_CASE("a bias may be a row or a column") {
  for (const Sizes& shape : {Sizes{1, 2}, Sizes{2, 1}}) {
    const auto model = foreign_model({{tensor("W1", {3, 2}), tensor("b1", shape)}, {}}, "FILE");
    CHECK(model.layers.at(0).dense.bias == std::vector<float>{1, 2});
    CHECK(model.layers.at(0).dense.in == 3);
  }
  // Weights from or to one unit are none.
  const auto model =
      foreign_model({{tensor("fc.weight", {1, 3}), tensor("fc.bias", {1})}, {}}, "FILE");
  CHECK(model.layers.at(0).dense.in == 3);
}

TEST_CASE("what changes nothing is passed over, extras and metadata are kept") {
  const auto model = foreign_model(
      {{tensor("fc.weight", {2, 3}), tensor("fc.bias", {2}), tensor("kl_weighting", {}),
        tensor("picovae.x", {5}), tensor("prior_loc", {7})},
       {{"activation", "SoftPlus"}},
       {"steps"}},
      "FILE");
  CHECK(model.layers.size() == 1);
  CHECK(model.passed_over == std::vector<std::string>{"kl_weighting", "prior_loc", "steps"});
  CHECK(model.extras.at(0).name == "picovae.x");
  CHECK(model.activation == "softplus");
  CHECK(model.metadata.at("activation") == "SoftPlus");
}

TEST_CASE("what changes the network is refused") {
  const Tensor weight = tensor("fc.weight", {2, 3});
  const Tensor bias = tensor("fc.bias", {2});
  for (const char* name :
       {"bn.weight", "bn.running_mean", "bn/moving_variance:0", "bn/gamma", "layer_norm.weight"}) {
    CAPTURE(std::string(name));
    CHECK(contains(error_of({weight, bias, tensor(name, {2})}), "is of a normalization"));
  }
  CHECK(contains(error_of({weight, bias, tensor("conv.weight", {2, 1, 3, 3})}), "no dense layer"));
  CHECK(contains(error_of({tensor("fc.weight", {0, 3}), bias}), "no dense layer"));
  CHECK(contains(error_of({weight}), "have no bias"));
  CHECK(contains(error_of({weight, tensor("fc.bias", {4})}), "do not fit together"));
  CHECK(contains(error_of({weight, bias, tensor("d.bias", {2})}), "\"d.bias\" has no weights"));
  CHECK(contains(error_of({weight, bias, tensor("module.fc.weight", {2, 3})}),
                 "\"fc.weight\" and \"module.fc.weight\" are weights of one layer"));
  CHECK(contains(error_of({weight, bias, tensor("fc_b", {2})}), "are biases of one layer"));
  const auto integers = message_of([&] {
    foreign_model({{weight, bias}, {}, {"fc2.weight"}}, "FILE");
  });
  CHECK(contains(integers, "\"fc2.weight\" holds no floats"));
}

TEST_CASE("other formats are named") {
  const std::string zip = "PK\3\4 and so on";
  CHECK(contains(error_of_file(zip + " archive/data.pkl"), "torch.save"));
  CHECK(contains(error_of_file("\x80\2\x8a\n"), "torch.save"));
  CHECK(contains(error_of_file(zip), "a zip, as .npz"));
  CHECK(contains(error_of_file("\x89HDF\r\n"), "HDF5"));
  CHECK(contains(error_of_file("PVAE and so on"), "packed already"));
  CHECK(contains(error_of_file(""), "safetensors"));
}
