// A decode in steps against a whole one.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "picovae/picovae.h"
#include "picovae/steps.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/live_models.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;

namespace {

constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;
using Dynamic = DynamicVae<Integer>;

// Memory for one row of any shape here.
struct Memory {
  alignas(kArenaAlignment) std::byte bytes[4096];
  DynamicArena arena() { return {bytes, 1}; }
};

// Steps to the end; the number of calls.
int finish(const Dynamic& vae, DecodeSteps& steps, std::size_t outputs) {
  int calls = 1;
  while (!steps.step(vae, outputs)) REQUIRE(++calls < 1000);
  return calls;
}

void check_model(std::span<const std::byte> blob, const Kernels& kernels) {
  CAPTURE(kernels.name);
  Dynamic vae;
  REQUIRE(vae.open(blob, kernels) == Status::kOk);
  Memory memory;
  const std::size_t latent = vae.dimensions().latent, size = vae.dimensions().pixels;
  std::vector<std::int16_t> z(latent);
  tests::Dice dice(9);
  for (auto& value : z) value = static_cast<std::int16_t>(dice.between(-32768, 32767));
  std::vector<std::uint8_t> decoded(size), generated(size);
  REQUIRE(vae.decode(z.data(), decoded.data(), memory.arena()) == Status::kOk);
  REQUIRE(vae.generate(3, 7, generated.data(), memory.arena()) == Status::kOk);

  for (const std::size_t outputs : {0u, 1u, 32u, 33u, 100u, 5000u}) {
    CAPTURE(outputs);
    std::fill(std::begin(memory.bytes), std::end(memory.bytes), std::byte{0xa5});
    std::vector<std::uint8_t> pixels(size, 0xa5);
    DecodeSteps steps;
    REQUIRE(steps.begin(vae, z.data(), pixels.data(), memory.arena()) == Status::kOk);
    const int calls = finish(vae, steps, outputs);
    CHECK(pixels == decoded);
    int panels = 0;
    for (const std::size_t layer : {kDecoder0, kDecoder1, kDecoder2}) {
      const std::size_t unit = round_up(outputs < 32 ? 32 : outputs, 32);
      panels += static_cast<int>((vae.view().layers[layer].out + unit - 1) / unit);
    }
    CHECK(calls == panels);
    CHECK(steps.step(vae, outputs));  // nothing is left
    CHECK(pixels == decoded);
    REQUIRE(steps.begin_generate(vae, 3, 7, pixels.data(), memory.arena()) == Status::kOk);
    finish(vae, steps, outputs);
    CHECK(pixels == generated);
  }
}

}  // namespace

TEST_CASE("a decode in steps has the bits of a whole one: any kernels, shape, weights and pixels") {
  for (const Dimensions d : {Dimensions{150, 70, 40, 9}, Dimensions{33, 65, 0, 3}}) {
    for (const Kernels* kernels : tests::runnable_kernels()) {
      const auto pack = [&](const auto& network) {
        return tools::pack_s8(network, kernels->layout, kBothParts, {});
      };
      check_model(pack(tests::random_quantized_network(d, 4)).bytes(), *kernels);
      check_model(pack(tests::random_pruned_network(d, 5)).bytes(), *kernels);
    }
  }
}

TEST_CASE("steps that cannot begin say why and do nothing") {
  Memory memory;
  Dynamic vae;
  DecodeSteps steps;
  std::vector<std::uint8_t> pixels(150, 0xa5);
  const std::vector<std::int16_t> z(9);
  const auto begin = [&](DynamicArena arena) {
    return steps.begin(vae, z.data(), pixels.data(), arena);
  };
  CHECK(begin(memory.arena()) == Status::kNotOpen);
  const auto network = tests::random_quantized_network({150, 70, 40, 9}, 4);
  const auto encoder = tools::pack_s8(network, Layout::kHost, kEncoderPart, {});
  REQUIRE(vae.open(encoder.bytes(), kScalarKernels) == Status::kOk);
  CHECK(begin(memory.arena()) == Status::kNoDecoder);
  const auto whole = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  REQUIRE(vae.open(whole.bytes(), kScalarKernels) == Status::kOk);
  CHECK(begin({memory.bytes + 4, 1}) == Status::kMisalignedArena);
  CHECK(steps.begin_generate(vae, 1, 0, pixels.data(), {memory.bytes + 4, 1}) ==
        Status::kMisalignedArena);
  CHECK(steps.step(vae, 32));
  CHECK(std::count(pixels.begin(), pixels.end(), 0xa5) == 150);
}

TEST_CASE("C steps as C++ does") {
  using BuiltShape = Shape<PICOVAE_SHAPE>;
  const auto blob = tools::pack_s8(tests::random_pruned_network(BuiltShape::kDimensions, 5),
                                   Layout::kHost, kBothParts, {});
  picovae_vae vae;
  REQUIRE(picovae_open(&vae, blob.bytes().data(), blob.bytes().size(), picovae_kernels_scalar()) ==
          PICOVAE_OK);
  static picovae_decoder_arena arena;
  std::vector<std::uint8_t> whole(BuiltShape::kPixels), pixels(BuiltShape::kPixels);
  REQUIRE(picovae_generate(&vae, 1, 5, whole.data(), &arena) == PICOVAE_OK);
  picovae_steps steps = {};
  CHECK(picovae_decode_step(&vae, &steps, 64) == 1);  // none was begun
  REQUIRE(picovae_generate_begin(&vae, 1, 5, pixels.data(), &arena, &steps) == PICOVAE_OK);
  while (picovae_decode_step(&vae, &steps, 64) == 0) continue;
  CHECK(pixels == whole);

  const std::vector<std::int16_t> z(BuiltShape::kLatent, -700);
  REQUIRE(picovae_decode(&vae, z.data(), whole.data(), &arena) == PICOVAE_OK);
  REQUIRE(picovae_decode_begin(&vae, z.data(), pixels.data(), &arena, &steps) == PICOVAE_OK);
  while (picovae_decode_step(&vae, &steps, 1) == 0) continue;
  CHECK(pixels == whole);
}
