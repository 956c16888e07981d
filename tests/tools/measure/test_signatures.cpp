// Signatures against their definition, digit by digit.
#include "tools/measure/signatures.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/shape.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/tools/examples.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/model.hpp"

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

namespace {

using SmallShape = Shape<70, 37, 21, 3>;
constexpr Dimensions kSize = SmallShape::kDimensions;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

}  // namespace

TEST_CASE("signatures are those of the digits, on every kernel and in every part") {
  const QuantizedNetwork network = random_quantized_network(kSize, 8);
  const BlobBytes blob = pack_s8(network, Layout::kHost, kBothParts, {});
  const Signatures signatures = compute_signatures(blob, kScalarKernels);

  // Digit by digit, as the definition says it.
  Vae<SmallShape, Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  const auto arena = std::make_unique<Arena<SmallShape, Integer>>();
  std::uint32_t generated = 0;
  std::uint32_t reconstructed = 0;
  for (std::uint32_t digit = 0; digit < 1000; ++digit) {
    std::uint8_t pixels[kSize.pixels];
    REQUIRE(vae.generate(1, digit, pixels, arena->decoder) == Status::kOk);
    generated = crc32c(std::as_bytes(std::span(pixels)), generated);
    if (digit >= 100) continue;
    REQUIRE(vae.reconstruct(pixels, pixels, *arena) == Status::kOk);
    reconstructed = crc32c(std::as_bytes(std::span(pixels)), reconstructed);
  }
  CHECK(signatures.generated == generated);
  CHECK(signatures.reconstructed == reconstructed);

  for (const Kernels* kernels : built_kernels()) {
    if (!machine_runs(kernels->isa) || kernels->layout != Layout::kHost) continue;
    CAPTURE(kernels->name);
    const Signatures found = compute_signatures(blob, *kernels);
    CHECK(found.generated == generated);
    CHECK(found.reconstructed == reconstructed);
  }

  const auto part = [&](std::uint8_t parts) {
    return compute_signatures(pack_s8(network, Layout::kHost, parts, {}), kScalarKernels);
  };
  CHECK(part(kDecoderPart).generated == generated);
  CHECK(part(kDecoderPart).reconstructed == 0);
  CHECK(part(kEncoderPart).generated == 0);
  const BlobBytes of_board = pack_s8(network, Layout::kCortexM, kBothParts, {});
  CHECK(contains(message_of([&] { compute_signatures(of_board, kScalarKernels); }),
                 "cannot be signed"));
}

TEST_CASE("the signature is of ten digits of each class, and the self-test wants it") {
  auto network = random_quantized_network(MnistShape::kDimensions, 3);
  network.classes = class_section(some_classes());
  const BlobBytes blob = pack_s8(network, Layout::kHost, kBothParts, {});
  const Signatures signatures = compute_signatures(blob, select_kernels());
  const auto model = make_model(BlobBytes(blob), "test", kScalarKernels);
  CHECK(std::vector<int>(model->classes().begin(), model->classes().end()) ==
        std::vector<int>{2, 5});
  std::vector<std::uint8_t> digits(20 * MnistShape::kPixels);
  model->generate_class(1, 2, 0, 10, digits.data());
  model->generate_class(1, 5, 0, 10, digits.data() + digits.size() / 2);
  CHECK(signatures.classes == crc32c(std::as_bytes(std::span(digits))));
  CHECK_THROWS_AS(model->generate_class(1, 3, 0, 1, digits.data()), Error);

  CHECK(self_test(pack_s8(network, Layout::kHost, kBothParts, signatures), kScalarKernels).ok());
  Signatures wrong = signatures;
  wrong.classes ^= 1;
  CHECK(!self_test(pack_s8(network, Layout::kHost, kBothParts, wrong), kScalarKernels).ok());
}
