// Integer models know nothing of floating point: the same bits whatever a thread has set there.
#include <doctest/doctest.h>

#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/odd_arithmetic.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;

namespace {

using Small = Shape<70, 40, 30, 9>;
constexpr std::size_t kCount = 20;

// Digits, their reconstructions, codes and scores, as bytes.
std::vector<std::uint8_t> all_bytes(std::span<const std::byte> blob, const Kernels& kernels) {
  Vae<Small, Integer> vae;
  REQUIRE(vae.open(blob, kernels) == Status::kOk);
  Arena<Small, Integer> arena;
  std::vector<std::uint8_t> bytes;
  const auto add = [&bytes](const auto& values) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(values.data());
    bytes.insert(bytes.end(), first, first + values.size() * sizeof(values[0]));
  };
  std::vector<std::uint8_t> pixels(Small::kPixels), again(Small::kPixels);
  std::vector<std::int16_t> mu(Small::kLatent), logvar(Small::kLatent);
  std::vector<Score> score(1);
  for (std::uint32_t number = 0; number < kCount; ++number) {
    REQUIRE(vae.generate(1, number, pixels.data(), arena.decoder) == Status::kOk);
    REQUIRE(vae.reconstruct(pixels.data(), again.data(), arena) == Status::kOk);
    REQUIRE(vae.encode(pixels.data(), mu.data(), logvar.data(), arena.encoder) == Status::kOk);
    REQUIRE(vae.score(pixels.data(), score.data(), arena) == Status::kOk);
    add(pixels);
    add(again);
    add(mu);
    add(logvar);
    add(score);
  }
  return bytes;
}

}  // namespace

TEST_CASE("s8 models give the same bits in any floating-point environment") {
  const auto network = tests::random_quantized_network(Small::kDimensions, 4);
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(kernels->name);
    const auto blob = tools::pack_s8(network, kernels->layout, kEncoderPart | kDecoderPart, {});
    const auto expected = all_bytes(blob.bytes(), *kernels);
    int environments = 0;
    tests::in_odd_arithmetic([&] {
      ++environments;
      CHECK(all_bytes(blob.bytes(), *kernels) == expected);
    });
    CHECK(environments == 4);
  }
}
