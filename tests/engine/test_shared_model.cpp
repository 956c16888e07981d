// One model, read by many threads at once: const member functions share nothing but the blob. Meant
// for the thread sanitizer (tests/run.sh --sanitize), and true without it as well.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/base/threads.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;

using SmallShape = Shape<36, 20, 17, 5>;
constexpr std::size_t kThreads = 8;
constexpr std::size_t kBatch = 3;
constexpr std::uint32_t kRounds = 40;

// All that a model makes of one seed, and how many of the calls failed.
template <typename S, typename A>
struct Results {
  std::vector<typename A::Pixel> pixels;
  std::vector<typename A::Latent> latents;
  int failures = 0;

  bool operator==(const Results&) const = default;
};

template <typename S, typename A>
Results<S, A> results_of(const Vae<S, A>& vae, std::uint64_t seed) {
  Results<S, A> results;
  const auto arena = std::make_unique<Arena<S, A, kBatch>>();
  std::vector<typename A::Pixel> drawn(kBatch * S::kPixels), copies(kBatch * S::kPixels);
  std::vector<typename A::Latent> mu(kBatch * S::kLatent), logvar(kBatch * S::kLatent);
  const auto must = [&](Status status) { results.failures += status != Status::kOk; };
  must(vae.verify());
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    must(vae.generate(seed, round, drawn.data(), arena->decoder, kBatch));
    must(vae.encode(drawn.data(), mu.data(), logvar.data(), arena->encoder, kBatch));
    must(vae.reconstruct(drawn.data(), copies.data(), *arena, kBatch));
    must(vae.decode(mu.data(), drawn.data(), arena->decoder, kBatch));
    for (const auto& part : {drawn, copies}) {
      results.pixels.insert(results.pixels.end(), part.begin(), part.end());
    }
    for (const auto& part : {mu, logvar}) {
      results.latents.insert(results.latents.end(), part.begin(), part.end());
    }
  }
  return results;
}

template <typename S, typename A>
void check_shared(const tools::BlobBytes& blob, const Kernels& kernels) {
  CAPTURE(std::string(kernels.name));
  Vae<S, A> vae;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);

  std::vector<Results<S, A>> together(kThreads);
  {
    tools::JoinedThreads threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      // Pairs of threads do the same work.
      threads.start([&, i] { together[i] = results_of(vae, i / 2); });
    }
  }
  for (std::size_t i = 0; i < kThreads; ++i) {
    CAPTURE(i);
    CHECK(together[i].failures == 0);
    CHECK(together[i] == results_of(vae, i / 2));
  }
  CHECK(together[0].pixels != together[2].pixels);
}

TEST_CASE("eight threads share an integer model, an arena each") {
  const auto blob = tools::pack_s8(tests::random_quantized_network(SmallShape::kDimensions, 3),
                                   Layout::kHost, kEncoderPart | kDecoderPart, {});
  for (const Kernels* kernels : tests::runnable_kernels()) {
    check_shared<SmallShape, Integer>(blob, *kernels);
  }
}

TEST_CASE("eight threads share a float model, an arena each") {
  const auto blob = tools::pack_float(tests::random_network(SmallShape::kDimensions, 3));
  for (const Kernels* kernels : tests::runnable_kernels()) {
    check_shared<SmallShape, Float>(blob, *kernels);
  }
}

TEST_CASE("threads may ask for the kernels at once, and each open the model") {
  const auto blob = tools::pack_s8(tests::random_quantized_network(SmallShape::kDimensions, 3),
                                   Layout::kHost, kEncoderPart | kDecoderPart, {});
  std::vector<const Kernels*> selected(kThreads);
  std::vector<Status> opened(kThreads, Status::kNotOpen);
  {
    tools::JoinedThreads threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.start([&, i] {
        selected[i] = &select_kernels();
        Vae<SmallShape, Integer> vae;
        opened[i] = vae.open(blob.bytes(), *selected[i]);
      });
    }
  }
  CHECK(selected == std::vector<const Kernels*>(kThreads, selected[0]));
  CHECK(opened == std::vector<Status>(kThreads, Status::kOk));
}

}  // namespace
