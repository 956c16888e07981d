#include "tools/base/layer_team.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/runnable_kernels.hpp"

using namespace picovae;
using namespace picovae::tools;

namespace {

using S = MnistShape;

// Digits first .. first + 9, one at a time.
template <typename A, typename Run>
std::vector<typename A::Pixel> digits(Vae<S, A, Run> vae, const BlobBytes& blob,
                                      const Kernels& kernels) {
  constexpr std::size_t kDigits = 10;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);
  const auto arena = std::make_unique<DecoderArena<S, A>>();
  std::vector<typename A::Pixel> pixels(kDigits * S::kPixels);
  for (std::uint32_t i = 0; i < kDigits; ++i) {
    REQUIRE(vae.generate(1, i, pixels.data() + i * S::kPixels, *arena) == Status::kOk);
  }
  return pixels;
}

template <typename A>
void check(const BlobBytes& blob) {
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(kernels->name);
    const auto alone = digits(Vae<S, A>(), blob, *kernels);
    for (const unsigned threads : {1u, 2u, 3u, 40u}) {  // 40: more than there are panels
      CAPTURE(threads);
      Team team(threads);
      CHECK(digits(Vae<S, A, LayerTeam>(LayerTeam(team)), blob, *kernels) == alone);
    }
  }
}

// A kernel that keeps which threads it ran on.
std::mutex threads_mutex;
std::set<std::thread::id> threads_seen;
void see_thread(const Dense&, const void*, std::size_t, void*, std::size_t, std::size_t) {
  const std::lock_guard lock(threads_mutex);
  threads_seen.insert(std::this_thread::get_id());
}

}  // namespace

TEST_CASE("a team draws the digits that one thread draws") {
  for (const Type type : tests::kFloatTypes) {
    CAPTURE(static_cast<int>(type));
    check<Float>(tests::float_blob(type, S::kDimensions));
  }
  check<Integer>(tests::s8_blob(S::kDimensions));
  check<Integer>(tests::s4_blob(S::kDimensions));
}

TEST_CASE("every thread of a team runs a part of a layer") {
  constexpr unsigned kThreads = 3;
  Team team(kThreads);
  Dense layer{};
  layer.out = kThreads * kPanel;
  threads_seen.clear();
  LayerTeam{team}({see_thread, Type::kF32, layer, nullptr, 0, nullptr, 0, 1});
  CHECK(threads_seen.size() == kThreads);
}
