// Class Gaussians: fitted, kept in a safetensors file, rounded to the section of a blob.
#include "tools/format/classes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "picovae/classes.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/built_shape.hpp"
#include "tools/format/network.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/unpack.hpp"
#include "tools/measure/model.hpp"
#include "tools/measure/self_test.hpp"
#include "tools/measure/signature.hpp"

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

namespace {

constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

struct Labelled {
  Codes codes;
  std::vector<std::uint8_t> labels;
};

// Codes whose latents depend on each other and on the label. Latents 1, 4, 7, ... hardly vary; of
// the others a later one varies more.
Labelled example(std::size_t latent, std::vector<std::uint8_t> labels, std::size_t each) {
  Dice dice(11);
  Labelled data;
  data.codes.count = labels.size() * each;
  data.codes.latent = latent;
  for (std::size_t i = 0; i < data.codes.count; ++i) {
    const std::uint8_t label = labels[i % labels.size()];
    data.labels.push_back(label);
    const float common = dice.real(1);
    for (std::size_t k = 0; k < latent; ++k) {
      const double scale = k % 3 == 1 ? 0.01 : 0.5 + 0.01 * static_cast<double>(k);
      const double v = 0.3 * label * (k % 2 == 0 ? 1 : -1) + common + dice.real(1);
      data.codes.mu.push_back(static_cast<float>(scale * v));
      data.codes.logvar.push_back(-2 + dice.real(2));
    }
  }
  return data;
}

// Something small that is right.
ClassGaussians small_classes() {
  return {{2, 5}, {0, 3}, {0.5F, -1, 0, 0.25F}, {0.5F, 0, -0.25F, 0.75F, 0.9F, 0, 0.125F, 0.25F}};
}

Network network_with(ClassGaussians classes) {
  Network network = random_network(BuiltShape::kDimensions, 3);
  network.classes = std::move(classes);
  return network;
}

QuantizedNetwork quantized_with_classes() {
  auto network = random_quantized_network(BuiltShape::kDimensions, 3);
  network.classes = class_section(small_classes());
  return network;
}

BlobView open(const BlobBytes& blob) {
  BlobView view;
  REQUIRE(open_blob(blob.bytes(), blob.header().dimensions, view) == Status::kOk);
  return view;
}

}  // namespace

TEST_CASE("each class has the mean and the covariance of its z") {
  const auto [codes, labels] = example(5, {3, 7}, 500);
  const ClassGaussians classes = fit_classes(codes, labels);
  CHECK(classes.labels == std::vector<std::uint8_t>{3, 7});
  REQUIRE(classes.units == std::vector<std::uint16_t>{0, 2, 3});
  REQUIRE(classes.mean.size() == 6);
  REQUIRE(classes.factor.size() == 18);
  for (std::size_t c = 0; c < 2; ++c) {
    // E[z], E[z z^T], summed plainly.
    double count = 0, mean[3] = {}, square[3][3] = {};
    for (std::size_t image = 0; image < codes.count; ++image) {
      if (labels[image] != classes.labels[c]) continue;
      ++count;
      for (std::size_t i = 0; i < 3; ++i) {
        const double a = codes.mu[image * 5 + classes.units[i]];
        mean[i] += a;
        for (std::size_t j = 0; j < 3; ++j) {
          square[i][j] += a * codes.mu[image * 5 + classes.units[j]];
        }
        square[i][i] += std::exp(codes.logvar[image * 5 + classes.units[i]]);
      }
    }
    const float* factor = classes.factor.data() + c * 9;
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(classes.mean[c * 3 + i] == doctest::Approx(mean[i] / count).epsilon(1e-5));
      for (std::size_t j = 0; j < 3; ++j) {
        double product = 0;
        for (std::size_t k = 0; k < 3; ++k) product += factor[i * 3 + k] * factor[j * 3 + k];
        const double covariance = square[i][j] / count - mean[i] * mean[j] / (count * count);
        CHECK(product / (0.8 * 0.8) == doctest::Approx(covariance).epsilon(1e-4));
        if (j > i) CHECK(factor[i * 3 + j] == 0);
      }
    }
  }
}

TEST_CASE("ten classes take at most 3 KB, whatever the latents; more take as much each") {
  const std::vector<std::uint8_t> ten = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto few = example(21, ten, 40);
  CHECK(fit_classes(few.codes, few.labels).units.size() == 14);  // all that vary
  const auto many = example(90, ten, 40);
  const ClassGaussians classes = fit_classes(many.codes, many.labels);
  CHECK(class_section(classes).size() <= 3072);
  CHECK(classes.units.size() == 22);
  CHECK(std::is_sorted(classes.units.begin(), classes.units.end()));
  CHECK(classes.units.back() == 89);
  CHECK(classes.units.front() > 30);  // those that vary most are kept

  std::vector<std::uint8_t> letters;
  for (std::uint8_t label = 1; label <= 26; ++label) letters.push_back(label);
  const auto alphabet = example(90, letters, 10);
  const ClassGaussians of_letters = fit_classes(alphabet.codes, alphabet.labels);
  CHECK(of_letters.labels == letters);
  CHECK(of_letters.units.size() == 22);
  CHECK(class_section(of_letters).size() <= 26 * kClassBytes);
}

TEST_CASE("a class of one image has a Gaussian too") {
  auto [codes, labels] = example(5, {3, 7}, 50);
  labels[0] = 200;
  const ClassGaussians classes = fit_classes(codes, labels);
  CHECK(classes.labels == std::vector<std::uint8_t>{3, 7, 200});
  for (const float f : classes.factor) CHECK(std::isfinite(f));
}

TEST_CASE("what has no classes is refused") {
  std::vector<std::uint8_t> labels;
  for (std::uint8_t label = 0; label < 65; ++label) labels.push_back(label);
  const auto crowd = example(5, labels, 2);
  const auto message = message_of([&] { fit_classes(crowd.codes, crowd.labels); });
  CHECK(contains(message, "65 labels"));
  CHECK(contains(message, "at most 64"));
  labels.pop_back();
  const auto full = example(5, labels, 2);
  CHECK(fit_classes(full.codes, full.labels).labels.size() == 64);

  auto dead = example(5, {3, 7}, 50);
  std::fill(dead.codes.mu.begin(), dead.codes.mu.end(), 0.0F);
  CHECK(contains(message_of([&] { fit_classes(dead.codes, dead.labels); }), "no latent"));
}

TEST_CASE("a section is the nearest one") {
  const BlobBytes blob = pack_float(network_with(small_classes()));
  ClassPriors priors;
  REQUIRE(find_classes(open(blob), priors) == Status::kOk);
  CHECK(priors.header->shift == 7);
  CHECK(priors.header->units == 2);
  CHECK(std::vector<int>(priors.unit, priors.unit + 2) == std::vector<int>{0, 3});
  CHECK(std::vector<int>(priors.mean, priors.mean + 4) == std::vector<int>{512, -1024, 0, 256});
  CHECK(std::vector<int>(priors.label, priors.label + 2) == std::vector<int>{2, 5});
  CHECK(std::vector<int>(priors.factor, priors.factor + 6) ==
        std::vector<int>{64, -32, 96, 115, 16, 32});

  ClassGaussians large = small_classes();
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
  const Network network = network_with(small_classes());
  save_network(folder / "a.safetensors", network);
  CHECK(load_network(folder / "a.safetensors").classes == network.classes);
  save_network(folder / "b.safetensors", network_with({}));
  CHECK(load_network(folder / "b.safetensors").classes.empty());
}

TEST_CASE("tensors of classes that do not fit are refused by name") {
  const auto error_after = [](const std::string& name, auto&& change) {
    auto tensors = class_tensors(small_classes());
    REQUIRE(parse_class_tensors(tensors, 4, "FILE") == small_classes());
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
  CHECK_THROWS_AS(parse_class_tensors(class_tensors(small_classes()), 3, "FILE"), Error);
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

TEST_CASE("the signature is of ten digits of each class, and the self-test wants it") {
  const QuantizedNetwork network = quantized_with_classes();
  const BlobBytes blob = pack_s8(network, Layout::kHost, kBothParts, {});
  const Signatures signatures = compute_signatures(blob, select_kernels());
  const auto model = make_model(BlobBytes(blob), "test", kScalarKernels);
  CHECK(std::vector<int>(model->classes().begin(), model->classes().end()) ==
        std::vector<int>{2, 5});
  std::vector<std::uint8_t> digits(20 * BuiltShape::kPixels);
  model->generate_class(1, 2, 0, 10, digits.data());
  model->generate_class(1, 5, 0, 10, digits.data() + digits.size() / 2);
  CHECK(signatures.classes == crc32c(std::as_bytes(std::span(digits))));
  CHECK_THROWS_AS(model->generate_class(1, 3, 0, 1, digits.data()), Error);

  CHECK(self_test(pack_s8(network, Layout::kHost, kBothParts, signatures), kScalarKernels).ok());
  Signatures wrong = signatures;
  wrong.classes ^= 1;
  CHECK(!self_test(pack_s8(network, Layout::kHost, kBothParts, wrong), kScalarKernels).ok());
}

TEST_CASE("a model draws any count of a class") {
  const auto model = make_model(network_with(small_classes()), select_kernels());
  constexpr std::size_t kCount = 203;  // more than two batches
  std::vector<std::uint8_t> all(kCount * BuiltShape::kPixels), one(BuiltShape::kPixels);
  model->generate_class(1, 5, 10, kCount, all.data());
  for (const std::size_t i : {std::size_t{0}, std::size_t{99}, std::size_t{100}, kCount - 1}) {
    model->generate_class(1, 5, static_cast<std::uint32_t>(10 + i), 1, one.data());
    CHECK(std::equal(one.begin(), one.end(),
                     all.begin() + static_cast<std::ptrdiff_t>(i * BuiltShape::kPixels)));
  }
}

TEST_CASE("codes do not depend on threads") {
  const auto model = make_model(network_with({}), select_kernels());
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < 250 * BuiltShape::kPixels; ++i) {
    images.push_back(static_cast<std::uint8_t>(i * i % 251));
  }
  for (const PixelMode mode : {PixelMode::kGray, PixelMode::kStochastic}) {
    const Codes one = encode_images(*model, images, {.pixels = mode, .threads = 1});
    const Codes three = encode_images(*model, images, {.pixels = mode, .threads = 3});
    CHECK(one.count == 250);
    CHECK(one.mu == three.mu);
    CHECK(one.logvar == three.logvar);
    CHECK(one.mu[0] != one.mu[one.latent]);
  }
}
