// One interface over every kind of model file.
#include "tools/measure/model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "picovae/shape.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;
using namespace picovae::tools;

namespace {

constexpr std::size_t kPixels = MnistShape::kPixels;
constexpr std::size_t kLatent = MnistShape::kLatent;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

std::vector<float> ramp(std::size_t count) {
  std::vector<float> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<float>(i % 256) / 255.0f;
  return x;
}

}  // namespace

TEST_CASE("a network from safetensors, from an f32 blob and from memory is one model") {
  tests::TemporaryFolder folder;
  const auto network = tests::random_network(MnistShape::kDimensions, 1);
  save_network(folder / "a.safetensors", network);
  write_file(folder / "a.pvae", pack_float(network).bytes());

  const auto memory = make_model(network, kScalarKernels);
  std::vector<std::uint8_t> expected(3 * kPixels), found(3 * kPixels);
  memory->generate(5, 0, 3, expected.data());
  for (const char* name : {"a.safetensors", "a.pvae"}) {
    CAPTURE(name);
    const auto model = load_model(folder / name, kScalarKernels);
    model->generate(5, 0, 3, found.data());
    CHECK(found == expected);
    CHECK(model->header().type == Type::kF32);
  }
}

// Verification is most of what a program takes that draws one digit.
TEST_CASE("a blob is verified when it is loaded, and not again when a model is made of it") {
  tests::TemporaryFolder folder;
  const auto quantized = tests::random_quantized_network(MnistShape::kDimensions, 4);
  BlobBytes blob = pack_s8(quantized, Layout::kHost, kBothParts, {});
  const std::size_t weights = sections(blob.header()).front().offset;
  blob.bytes()[weights] ^= std::byte{1};
  write_file(folder / "changed.pvae", blob.bytes());
  CHECK_THROWS_AS(load_model(folder / "changed.pvae", kScalarKernels), Error);
  CHECK(make_model(std::move(blob), "changed", kScalarKernels) != nullptr);
}

TEST_CASE("calls take any count and agree with single ones") {
  const auto quantized = tests::random_quantized_network(MnistShape::kDimensions, 2);
  const auto model =
      make_model(pack_s8(quantized, Layout::kHost, kBothParts, {}), "test", select_kernels());
  constexpr std::size_t kCount = 203;  // more than two batches
  std::vector<std::uint8_t> all(kCount * kPixels), one(kPixels);
  model->generate(1, 10, kCount, all.data());
  for (const std::size_t i : {std::size_t{0}, std::size_t{99}, std::size_t{100}, kCount - 1}) {
    model->generate(1, static_cast<std::uint32_t>(10 + i), 1, one.data());
    CHECK(
        std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(i * kPixels)));
  }
  std::vector<std::uint8_t> reconstructed(all.size()), single(kPixels);
  model->reconstruct(all, reconstructed.data());
  model->reconstruct(std::span{all}.last(kPixels), single.data());
  CHECK(std::equal(single.begin(), single.end(), reconstructed.end() - kPixels));
}

TEST_CASE("images of u8 and of [0, 1] have the same codes") {
  const auto network = tests::random_network(MnistShape::kDimensions, 5);
  const auto quantized = tests::random_quantized_network(MnistShape::kDimensions, 5);
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(make_model(network, kScalarKernels));
  models.push_back(
      make_model(pack_s8(quantized, Layout::kHost, kBothParts, {}), "test", kScalarKernels));
  constexpr std::size_t kCount = 101;  // more than a batch
  std::vector<std::uint8_t> images(kCount * kPixels);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<std::uint8_t>(i % 256);
  for (const auto& model : models) {
    std::vector<float> codes(2 * kCount * kLatent), same(codes.size());
    model->encode(ramp(images.size()), codes.data(), codes.data() + kCount * kLatent);
    model->encode(images, same.data(), same.data() + kCount * kLatent);
    CHECK(same == codes);
  }
}

TEST_CASE("a model draws any count of a class") {
  const auto model = [] {
    Network network = tests::random_network(MnistShape::kDimensions, 3);
    network.classes = tests::some_classes();
    return make_model(network, select_kernels());
  }();
  constexpr std::size_t kCount = 203;  // more than two batches
  std::vector<std::uint8_t> all(kCount * kPixels), one(kPixels);
  model->generate_class(1, 5, 10, kCount, all.data());
  for (const std::size_t i : {std::size_t{0}, std::size_t{99}, std::size_t{100}, kCount - 1}) {
    model->generate_class(1, 5, static_cast<std::uint32_t>(10 + i), 1, one.data());
    CHECK(
        std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(i * kPixels)));
  }
}

TEST_CASE("an s8 model speaks real units without losing a bit") {
  const auto quantized = tests::random_quantized_network(MnistShape::kDimensions, 3);
  const auto model =
      make_model(pack_s8(quantized, Layout::kHost, kBothParts, {}), "test", kScalarKernels);
  std::vector<float> mu(kLatent), logvar(kLatent), z(kLatent), logits(kPixels);
  model->encode(ramp(kPixels), mu.data(), logvar.data());
  for (std::size_t i = 0; i < kLatent; ++i) {
    CHECK(mu[i] * 4096 == std::round(mu[i] * 4096));
    CHECK(logvar[i] * 1024 == std::round(logvar[i] * 1024));
  }
  // Noise of one is sigma, but for roundings of z.
  model->sample(mu.data(), logvar.data(), std::vector<std::int16_t>(kLatent, 1024), z.data());
  for (std::size_t i = 0; i < kLatent; ++i) {
    const double sigma = model->sigma(logvar[i]);
    const double expected = std::clamp(mu[i] + sigma, -8191.0 / 1024, 8191.0 / 1024);
    CHECK(std::abs(z[i] - expected) <= 1.0 / 1024);
    CHECK(sigma ==
          doctest::Approx(std::exp(0.5 * std::clamp(logvar[i], -12.0f, 4.0f))).epsilon(0.06));
  }
  // Noise of zero is a reconstruction: the same path twice.
  const std::vector<std::int16_t> no_noise(kLatent);
  model->sample(mu.data(), logvar.data(), no_noise, z.data());
  model->decode_logits(z, logits.data());
  std::vector<std::uint8_t> image(kPixels), reconstruction(kPixels);
  for (std::size_t i = 0; i < kPixels; ++i) image[i] = static_cast<std::uint8_t>(i % 256);
  model->reconstruct(image, reconstruction.data());
  for (std::size_t i = 0; i < kPixels; ++i) {
    const double p = 255 / (1 + std::exp(-static_cast<double>(logits[i])));
    CHECK(std::abs(p - reconstruction[i]) <= 1.5);
  }
}

TEST_CASE("what cannot run here is refused with what to do") {
  tests::TemporaryFolder folder;
  const auto path = folder / "m.pvae";
  const auto message = [&](const BlobBytes& blob) {
    write_file(path, blob.bytes());
    return tests::message_of([&] { load_model(path, kScalarKernels); });
  };
  const auto board = message(pack_s8(tests::random_quantized_network(MnistShape::kDimensions, 6),
                                     Layout::kCortexM, kBothParts, {}));
  CHECK(tests::contains(board, "picovae export"));
  CHECK(tests::contains(board, "--layout host"));
  auto damaged = pack_float(tests::random_network(MnistShape::kDimensions, 7));
  damaged.bytes()[damaged.bytes().size() / 2] ^= std::byte{1};
  CHECK(tests::contains(message(damaged), "damaged"));
}
