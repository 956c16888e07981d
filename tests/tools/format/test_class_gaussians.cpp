// Class Gaussians in a safetensors file, and rounded to the section of a blob.
#include "tools/format/class_gaussians.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "picovae/classes.hpp"
#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/network.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

namespace {

constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

Network network_with(ClassGaussians classes) {
  Network network = random_network(MnistShape::kDimensions, 3);
  network.classes = std::move(classes);
  return network;
}

QuantizedNetwork quantized_with_classes() {
  auto network = random_quantized_network(MnistShape::kDimensions, 3);
  network.classes = class_section(some_classes());
  return network;
}

BlobView open(const BlobBytes& blob) {
  BlobView view;
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
  return view;
}

}  // namespace

TEST_CASE("a section is the nearest one") {
  const BlobBytes blob = pack_float(network_with(some_classes()));
  ClassPriors priors;
  REQUIRE(find_classes(open(blob), priors) == Status::kOk);
  CHECK(priors.header->shift == 7);
  CHECK(priors.header->units == 2);
  CHECK(std::vector<int>(priors.unit, priors.unit + 2) == std::vector<int>{0, 3});
  CHECK(std::vector<int>(priors.mean, priors.mean + 4) == std::vector<int>{512, -1024, 0, 256});
  CHECK(std::vector<int>(priors.label, priors.label + 2) == std::vector<int>{2, 5});
  CHECK(std::vector<int>(priors.factor, priors.factor + 6) ==
        std::vector<int>{64, -32, 96, 115, 16, 32});

  ClassGaussians large = some_classes();
  large.factor[4] = 1;  // 128 is no s8
  CHECK(std::to_integer<int>(class_section(large)[1]) == 6);
  large.factor[4] = std::numeric_limits<float>::max();
  large.mean[0] = -std::numeric_limits<float>::max();
  const BlobBytes extreme = pack_float(network_with(large));
  REQUIRE(find_classes(open(extreme), priors) == Status::kOk);
  CHECK(priors.header->shift == 1);
  CHECK(int{priors.factor[3]} == 127);
  CHECK(int{priors.mean[0]} == -8191);
}

TEST_CASE("a safetensors file keeps classes") {
  TemporaryFolder folder;
  const Network network = network_with(some_classes());
  save_network(folder / "a.safetensors", network);
  CHECK(load_network(folder / "a.safetensors").classes == network.classes);
  save_network(folder / "b.safetensors", network_with({}));
  CHECK(load_network(folder / "b.safetensors").classes.empty());
}

TEST_CASE("tensors of classes that do not fit are refused by name") {
  const auto error_after = [](const std::string& name, auto&& change) {
    auto tensors = class_tensors(some_classes());
    REQUIRE(parse_class_tensors(tensors, 4, "FILE") == some_classes());
    const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& t) {
      return t.name == "picovae.class." + name;
    });
    REQUIRE(found != tensors.end());
    change(*found);
    const auto message = message_of([&] { parse_class_tensors(tensors, 4, "FILE"); });
    CHECK(is_one_line_about(message, "FILE"));
    return message;
  };
  for (const std::string name : {"labels", "units", "mean", "factor"}) {
    const auto message = error_after(name, [](Tensor& t) { t.name = "picovae.other"; });
    CHECK(message.find("picovae.class." + name) != std::string::npos);
  }
  for (const float bad : {-1.0F, 0.5F, 256.0F, 5.0F, 1e30F}) {
    error_after("labels", [&](Tensor& t) { t.data[0] = bad; });
  }
  for (const float bad : {-1.0F, 0.5F, 4.0F, 0.0F}) {
    error_after("units", [&](Tensor& t) { t.data[1] = bad; });
  }
  for (const char* name : {"labels", "units", "mean", "factor"}) {
    error_after(name, [](Tensor& t) { t.shape.push_back(1); });
    error_after(name, [](Tensor& t) {
      t.shape = {0};
      t.data.clear();
    });
  }
  const auto message = error_after("factor", [](Tensor& t) { t.data[1] = 1; });
  CHECK(message.find("triangular") != std::string::npos);
  CHECK_THROWS_AS(parse_class_tensors(class_tensors(some_classes()), 3, "FILE"), Error);
}

TEST_CASE("packing keeps classes in every layout, and with the decoder") {
  const QuantizedNetwork network = quantized_with_classes();
  for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
    for (const std::uint8_t parts : {kBothParts, std::uint8_t{kDecoderPart}}) {
      const BlobBytes blob = pack_s8(network, layout, parts, {1, 2, 0});
      CHECK(unpack_s8(open(blob), "test").classes == network.classes);
      const BlobBytes is_signed = pack_s8(network, layout, parts, {1, 2, 3});
      CHECK(signatures_of(open(is_signed)).classes == 3);
      CHECK(is_signed.header().model_id == blob.header().model_id);
    }
  }
  const BlobBytes encoder = pack_s8(network, Layout::kHost, kEncoderPart, {});
  CHECK(unpack_s8(open(encoder), "test").classes.empty());
}
