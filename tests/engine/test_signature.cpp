// Signatures of the model that ships, computed with arenas of several kinds.
#include "picovae/signature.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

using namespace picovae;

namespace {

// The model, at an address that is a multiple of 64.
std::span<const std::byte> model() {
  struct alignas(kBlobAlignment) Line {
    char bytes[kBlobAlignment];
  };
  static const std::vector<Line> lines = [] {
    std::ifstream file(PICOVAE_MODEL_FILE, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    REQUIRE(!bytes.empty());
    std::vector<Line> aligned(bytes.size() / sizeof(Line));
    std::copy(bytes.begin(), bytes.end(), aligned[0].bytes);
    return aligned;
  }();
  return std::as_bytes(std::span(lines));
}

template <typename AnyArena>
Signatures sign(std::uint32_t digits = kSignatureDigits) {
  Vae<MnistShape, Integer> vae;
  REQUIRE(vae.open(model(), select_kernels()) == Status::kOk);
  const auto arena = std::make_unique<AnyArena>();
  std::vector<std::uint8_t> pixels(AnyArena::kBatch * MnistShape::kPixels);
  Signatures signatures{1, 2, 3};
  REQUIRE(sign_digits(vae, *arena, pixels.data(), signatures, digits) == Status::kOk);
  REQUIRE(signatures.classes == 3);
  REQUIRE(sign_classes(vae, *arena, pixels.data(), signatures) == Status::kOk);
  return signatures;
}

}  // namespace

TEST_CASE(
    "every batch gives the signatures that the model carries, whether it divides them or not") {
  Vae<MnistShape, Integer> vae;
  REQUIRE(vae.open(model(), select_kernels()) == Status::kOk);
  const Signatures carried = signatures_of(vae.view());
  CHECK(carried.generated == 0x410a07ca);
  CHECK(carried.reconstructed == 0x547e2503);
  CHECK(sign<Arena<MnistShape, Integer>>() == carried);
  CHECK(sign<Arena<MnistShape, Integer, 5>>() == carried);
  CHECK(sign<Arena<MnistShape, Integer, 10>>() == carried);
}

TEST_CASE("a decoder's arena has no reconstructions") {
  const Signatures signatures = sign<DecoderArena<MnistShape, Integer, 10>>();
  CHECK(signatures == Signatures{0x410a07ca, 0, signatures.classes});
}

TEST_CASE("fewer digits are other signatures, and of a Vae that is not open there are none") {
  CHECK(sign<DecoderArena<MnistShape, Integer, 10>>(990).generated != 0x410a07ca);
  Vae<MnistShape, Integer> vae;
  DecoderArena<MnistShape, Integer> arena;
  std::uint8_t pixels[MnistShape::kPixels];
  Signatures signatures;
  CHECK(sign_digits(vae, arena, pixels, signatures) == Status::kNotOpen);
  CHECK(sign_classes(vae, arena, pixels, signatures) == Status::kOk);
  CHECK(signatures == Signatures{});
}
