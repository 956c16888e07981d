// Batches of more images than a piece has.
#include "picovae/pieces.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "picovae/forward.hpp"
#include "picovae/score.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;

namespace {

constexpr Dimensions kDimensions = {.pixels = 20, .hidden1 = 7, .hidden2 = 6, .latent = 3};
constexpr std::size_t kPixels = kDimensions.pixels, kLatent = kDimensions.latent;
constexpr std::size_t kCount = 2 * detail::kPieceRows + 3;

// Every function of a model at once for all images: the bits of one image at a time.
template <typename A>
void check_batch(const tools::BlobBytes& blob, const Kernels& kernels) {
  CAPTURE(std::string(kernels.name));
  DynamicVae<A> vae;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);
  tools::AlignedVector<std::byte> memory(kCount * arena_size<A>(kDimensions));
  const DynamicArena one{memory.data(), 1}, all{memory.data(), kCount};

  using Pixels = std::vector<typename A::Pixel>;
  using Latents = std::vector<typename A::Latent>;
  Pixels images(kCount * kPixels), found(images), wanted(images);
  REQUIRE(vae.generate(3, 7, images.data(), all, kCount) == Status::kOk);
  Latents mu(kCount * kLatent), logvar(mu), wanted_mu(mu), wanted_logvar(mu);
  REQUIRE(vae.encode(images.data(), mu.data(), logvar.data(), all, kCount) == Status::kOk);
  std::vector<typename A::Logit> logits(images.size()), wanted_logits(logits);
  REQUIRE(vae.decode_logits(mu.data(), logits.data(), all, kCount) == Status::kOk);
  REQUIRE(vae.reconstruct(images.data(), found.data(), all, kCount) == Status::kOk);
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::size_t pixel = i * kPixels, latent = i * kLatent;
    Pixels drawn(kPixels);
    REQUIRE(vae.generate(3, static_cast<std::uint32_t>(7 + i), drawn.data(), one) == Status::kOk);
    REQUIRE(std::equal(drawn.begin(), drawn.end(), &images[pixel]));
    REQUIRE(vae.encode(&images[pixel], &wanted_mu[latent], &wanted_logvar[latent], one) ==
            Status::kOk);
    REQUIRE(vae.decode_logits(&mu[latent], &wanted_logits[pixel], one) == Status::kOk);
    REQUIRE(vae.reconstruct(&images[pixel], &wanted[pixel], one) == Status::kOk);
  }
  CHECK(mu == wanted_mu);
  CHECK(logvar == wanted_logvar);
  CHECK(logits == wanted_logits);
  CHECK(found == wanted);
  if constexpr (A::kIsInteger) {
    std::vector<Score> scores(kCount), wanted_scores(kCount);
    REQUIRE(vae.score(images.data(), scores.data(), all, kCount) == Status::kOk);
    for (std::size_t i = 0; i < kCount; ++i) {
      REQUIRE(vae.score(&images[i * kPixels], &wanted_scores[i], one) == Status::kOk);
    }
    CHECK(scores == wanted_scores);
  }
}

}  // namespace

TEST_CASE("pieces follow one another, cover a batch, and differ by one row at most") {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, detail::kPieceRows,
                                  detail::kPieceRows + 1, std::size_t{1000}}) {
    CAPTURE(count);
    std::vector<std::pair<std::size_t, std::size_t>> pieces;
    detail::for_pieces(
        count, [&](std::size_t first, std::size_t rows) { pieces.emplace_back(first, rows); });
    CHECK(pieces.size() == (count + detail::kPieceRows - 1) / detail::kPieceRows);
    std::size_t next = 0, most = 0, least = detail::kPieceRows;
    for (const auto& [first, rows] : pieces) {
      CHECK(first == next);
      next += rows;
      most = std::max(most, rows);
      least = std::min(least, rows);
    }
    CHECK(next == count);
    CHECK(most <= detail::kPieceRows);
    CHECK(most <= least + 1);
  }
}

TEST_CASE("a batch of several pieces has the bits of its images alone") {
  const auto s8 = tools::pack_s8(tests::random_quantized_network(kDimensions, 3), Layout::kHost,
                                 kEncoderPart | kDecoderPart, {});
  const auto f32 = tools::pack_float(tests::random_network(kDimensions, 3));
  for (const Kernels* kernels : tests::runnable_kernels()) {
    check_batch<Integer>(s8, *kernels);
    check_batch<Float>(f32, *kernels);
  }
}
