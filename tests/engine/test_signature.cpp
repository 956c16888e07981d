// Signatures of models in files, computed with arenas of several kinds.
#include "picovae/signature.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

using namespace picovae;

namespace {

struct alignas(kBlobAlignment) Line {
  char bytes[kBlobAlignment];
};

// A file, at an address that is a multiple of 64.
std::vector<Line> read_model(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(!bytes.empty());
  std::vector<Line> aligned(bytes.size() / sizeof(Line));
  std::copy(bytes.begin(), bytes.end(), aligned[0].bytes);
  return aligned;
}

// The model that ships.
std::span<const std::byte> model() {
  static const std::vector<Line> lines = read_model(PICOVAE_MODEL_FILE);
  return std::as_bytes(std::span(lines));
}

template <typename AnyArena>
Signatures sign(std::uint32_t digits = kSignatureDigits) {
  Vae<MnistShape, Integer> vae;
  REQUIRE(vae.open(model(), select_kernels()) == Status::kOk);
  const auto arena = std::make_unique<AnyArena>();
  std::vector<std::uint8_t> pixels(AnyArena::kBatch * MnistShape::kPixels);
  Signatures signatures{1, 2, 3, 4};
  REQUIRE(sign_digits(vae, *arena, pixels.data(), signatures, digits) == Status::kOk);
  REQUIRE(signatures.classes == 3);
  REQUIRE(sign_classes(vae, *arena, pixels.data(), signatures) == Status::kOk);
  if constexpr (requires { arena->encoder; }) {
    REQUIRE(signatures.scores == 4);
    std::vector<Score> scores(AnyArena::kBatch);
    REQUIRE(sign_scores(vae, *arena, pixels.data(), scores.data(), signatures, digits) ==
            Status::kOk);
  } else {
    signatures.scores = 0;
  }
  return signatures;
}

}  // namespace

TEST_CASE(
    "every batch gives the signatures that the model carries, whether it divides them or not") {
  Vae<MnistShape, Integer> vae;
  REQUIRE(vae.open(model(), select_kernels()) == Status::kOk);
  const Signatures carried = signatures_of(vae.view());
  CHECK(carried.generated == 0xaf5e19b5);
  CHECK(carried.reconstructed == 0x055a6fc8);
  CHECK(carried.scores == 0xf7f184fa);
  CHECK(sign<Arena<MnistShape, Integer>>() == carried);
  CHECK(sign<Arena<MnistShape, Integer, 5>>() == carried);
  CHECK(sign<Arena<MnistShape, Integer, 10>>() == carried);
}

TEST_CASE("a decoder's arena has no reconstructions") {
  const Signatures signatures = sign<DecoderArena<MnistShape, Integer, 10>>();
  CHECK(signatures == Signatures{0xaf5e19b5, 0, signatures.classes, 0});
}

TEST_CASE("fewer digits are other signatures, and of a Vae that is not open there are none") {
  CHECK(sign<DecoderArena<MnistShape, Integer, 10>>(990).generated != 0xaf5e19b5);
  Vae<MnistShape, Integer> vae;
  DecoderArena<MnistShape, Integer> arena;
  std::uint8_t pixels[MnistShape::kPixels];
  Signatures signatures;
  CHECK(sign_digits(vae, arena, pixels, signatures) == Status::kNotOpen);
  CHECK(sign_classes(vae, arena, pixels, signatures) == Status::kOk);
  CHECK(signatures == Signatures{});
}

TEST_CASE("a model of format version 1 draws what it drew") {
  const std::vector<Line> lines = read_model(PICOVAE_VERSION_1_FILE);
  DynamicVae<Integer> vae;
  REQUIRE(vae.open(std::as_bytes(std::span(lines)), select_kernels()) == Status::kOk);
  CHECK(vae.view().header->version == 1);
  CHECK(vae.verify() == Status::kOk);
  const auto dimensions = vae.dimensions();
  std::vector<Line> arena(10 * arena_size<Integer>(dimensions) / sizeof(Line));
  const DynamicArena scratch{reinterpret_cast<std::byte*>(arena.data()), 10};
  std::vector<std::uint8_t> pixels(10 * std::size_t{dimensions.pixels});
  Signatures signatures;
  CHECK(sign_digits(vae, scratch, pixels.data(), signatures) == Status::kOk);
  CHECK(sign_classes(vae, scratch, pixels.data(), signatures) == Status::kOk);
  CHECK(signatures == Signatures{0x9c1c5e12, 0x0b4212bc, 0xce7074a1, 0});
  CHECK(signatures == signatures_of(vae.view()));
}

TEST_CASE("a model without classes has no signature of them") {
  BlobHeader header{};
  header.signature = 7;
  BlobView view;
  view.header = &header;
  CHECK(signatures_of(view) == Signatures{7, 0, 0, 0});
}

TEST_CASE("a target agrees if it computes all that the model carries; scores of 0 say nothing") {
  const Signatures carried{1, 2, 3, 4};
  CHECK(agree(carried, carried));
  CHECK_FALSE(agree({0, 2, 3, 4}, carried));
  CHECK_FALSE(agree({1, 0, 3, 4}, carried));
  CHECK_FALSE(agree({1, 2, 0, 4}, carried));
  CHECK_FALSE(agree({1, 2, 3, 0}, carried));
  CHECK(agree(carried, {1, 2, 3, 0}));
  CHECK_FALSE(agree(carried, {1, 2, 4, 0}));
}
