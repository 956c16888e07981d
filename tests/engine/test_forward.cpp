// Sizes at run time; test_vae.cpp has what a forward pass computes.
#include "picovae/forward.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;

namespace {

using SmallShape = Shape<20, 7, 6, 3>;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

// A model of these dimensions through DynamicVae and through Vae: equal bits, in arenas of several
// rows, and nothing written behind the last row.
template <typename S, typename A>
void check_dynamic(const tools::BlobBytes& blob, const Kernels& kernels) {
  constexpr std::size_t kBatch = 3;
  constexpr std::byte kGuard{0x5a};
  CAPTURE(std::string(kernels.name));
  Vae<S, A> fixed;
  DynamicVae<A> dynamic;
  REQUIRE(fixed.open(blob.bytes(), kernels) == Status::kOk);
  REQUIRE(dynamic.open(blob.bytes(), kernels) == Status::kOk);
  CHECK(dynamic.dimensions() == S::kDimensions);

  const auto arena = std::make_unique<Arena<S, A, kBatch>>();
  const std::size_t size = kBatch * arena_size<A>(S::kDimensions);
  CHECK(size == sizeof(*arena));
  tools::AlignedVector<std::byte> memory(size + kArenaAlignment, kGuard);
  const DynamicArena rows{memory.data(), kBatch};

  using Pixel = typename A::Pixel;
  using Latent = typename A::Latent;
  std::vector<Pixel> wanted(kBatch * S::kPixels), found(wanted);
  std::vector<typename A::Logit> wanted_logits(wanted.size()), found_logits(wanted.size());
  std::vector<Latent> wanted_mu(kBatch * S::kLatent), wanted_logvar(wanted_mu), mu(wanted_mu),
      logvar(wanted_mu);
  REQUIRE(fixed.generate(3, 7, wanted.data(), arena->decoder, kBatch) == Status::kOk);
  REQUIRE(dynamic.generate(3, 7, found.data(), rows, kBatch) == Status::kOk);
  CHECK(found == wanted);
  REQUIRE(fixed.encode(wanted.data(), wanted_mu.data(), wanted_logvar.data(), arena->encoder,
                       kBatch) == Status::kOk);
  REQUIRE(dynamic.encode(wanted.data(), mu.data(), logvar.data(), rows, kBatch) == Status::kOk);
  CHECK(mu == wanted_mu);
  CHECK(logvar == wanted_logvar);
  REQUIRE(fixed.decode_logits(mu.data(), wanted_logits.data(), arena->decoder, kBatch) ==
          Status::kOk);
  REQUIRE(dynamic.decode_logits(mu.data(), found_logits.data(), rows, kBatch) == Status::kOk);
  CHECK(found_logits == wanted_logits);
  REQUIRE(dynamic.reconstruct(found.data(), found.data(), rows, kBatch) == Status::kOk);
  REQUIRE(fixed.reconstruct(wanted.data(), wanted.data(), *arena, kBatch) == Status::kOk);
  CHECK(found == wanted);
  REQUIRE(fixed.decode(mu.data(), wanted.data(), arena->decoder, kBatch) == Status::kOk);
  REQUIRE(dynamic.decode(mu.data(), found.data(), rows, kBatch) == Status::kOk);
  CHECK(found == wanted);
  CHECK(dynamic.decode(mu.data(), found.data(), rows, kBatch + 1) == Status::kBatchTooLarge);
  CHECK(std::count(memory.begin() + static_cast<std::ptrdiff_t>(size), memory.end(), kGuard) ==
        kArenaAlignment);
}

template <typename S>
void check_dynamic_everywhere() {
  const auto s8 = tools::pack_s8(tests::random_quantized_network(S::kDimensions, 3), Layout::kHost,
                                 kBothParts, {});
  const auto f32 = tools::pack_float(tests::random_network(S::kDimensions, 3));
  for (const Kernels* kernels : tests::runnable_kernels()) {
    check_dynamic<S, Integer>(s8, *kernels);
    check_dynamic<S, Float>(f32, *kernels);
  }
}

}  // namespace

TEST_CASE("sizes at run time give the bits of sizes that are constants") {
  check_dynamic_everywhere<SmallShape>();
  check_dynamic_everywhere<Shape<15, 7, 5, 3>>();
  check_dynamic_everywhere<Shape<5, 3, 2, 40>>();  // more latents than anything else
  check_dynamic_everywhere<MnistShape>();
  check_dynamic_everywhere<Shape<15, 7, 3>>();  // one hidden layer
  check_dynamic_everywhere<Shape<784, 400, 20>>();
}

TEST_CASE("an arena at any other address is refused, and nothing is written") {
  const auto blob = tools::pack_s8(tests::random_quantized_network(SmallShape::kDimensions, 3),
                                   Layout::kHost, kBothParts, {});
  DynamicVae<Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  using SmallArena = Arena<SmallShape, Integer>;
  tools::AlignedVector<std::byte> memory(sizeof(SmallArena) + kArenaAlignment);
  for (std::size_t offset = 0; offset <= kArenaAlignment; ++offset) {
    CAPTURE(offset);
    const DynamicArena arena{memory.data() + offset, 1};
    const Status wanted = offset % kArenaAlignment == 0 ? Status::kOk : Status::kMisalignedArena;
    std::uint8_t pixels[SmallShape::kPixels]{};
    std::int16_t z[SmallShape::kLatent]{}, logvar[SmallShape::kLatent]{};
    std::int16_t logits[SmallShape::kPixels]{};
    Layer differs{};
    CHECK(vae.encode(pixels, z, logvar, arena) == wanted);
    CHECK(vae.decode(z, pixels, arena) == wanted);
    CHECK(vae.decode_logits(z, logits, arena) == wanted);
    CHECK(vae.generate(1, 0, pixels, arena) == wanted);
    CHECK(vae.reconstruct(pixels, pixels, arena) == wanted);
    CHECK(vae.self_test(arena, sizeof(SmallArena), differs) == wanted);
    if (wanted == Status::kOk) continue;
    CHECK(std::count(std::begin(pixels), std::end(pixels), 0) == SmallShape::kPixels);
    CHECK(std::count(std::begin(logits), std::end(logits), 0) == SmallShape::kPixels);
  }
}
