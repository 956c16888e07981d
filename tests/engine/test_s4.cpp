// Weights of 4 bits: where they are, and that a model of theirs is the s8 model that they stand
// for.
#include "picovae/s4.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/signature.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/runnable_kernels.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

std::size_t padded_in(Layout layout, std::size_t in) {
  return round_up(in, input_pad(layout, Type::kS8));
}

// How many half bytes are nobody's, or of two.
std::size_t misses(Layout layout, std::size_t in, std::size_t out) {
  std::vector<int> hits(2 * s4_size(layout, in, out));
  std::size_t wrong = 0;
  const auto hit = [&](std::size_t index) {
    if (index < hits.size()) {
      ++hits[index];
    } else {
      ++wrong;
    }
  };
  for (std::size_t output = 0; output < round_up(out, output_pad(layout)); ++output) {
    for (std::size_t i = 0; i < padded_in(layout, in); ++i) hit(s4_index(layout, in, output, i));
    for (std::size_t group = 0; group < s4_groups(in); ++group) {
      hit(s4_scale_index(layout, in, output, group));
    }
  }
  for (const int count : hits) wrong += count == 1 ? 0 : 1;
  return wrong;
}

// The same model with s8 weights.
tools::QuantizedNetwork expanded(tools::QuantizedNetwork network) {
  for (tools::QuantizedLayer& layer : network.layers) layer.scale.clear();
  return network;
}

// What a model draws, reconstructs and scores, `batch` images at a time.
template <typename S, std::size_t Batch>
std::vector<std::byte> outputs(const tools::BlobBytes& blob, const Kernels& kernels) {
  Vae<S, Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);
  CHECK(vae.verify() == Status::kOk);
  Arena<S, Integer, Batch> arena;
  Layer differs{};
  CHECK(vae.self_test(arena, differs) == Status::kOk);
  CHECK(vae.self_test(arena.decoder, differs) == Status::kOk);
  std::vector<std::uint8_t> digits(Batch * S::kPixels), images(digits.size());
  std::vector<Score> scores(Batch);
  CHECK(vae.generate(1, 0, digits.data(), arena.decoder, Batch) == Status::kOk);
  CHECK(vae.reconstruct(digits.data(), images.data(), arena, Batch) == Status::kOk);
  CHECK(vae.score(digits.data(), scores.data(), arena, Batch) == Status::kOk);
  std::vector<std::byte> all;
  for (const auto bytes : {std::as_bytes(std::span(digits)), std::as_bytes(std::span(images)),
                           std::as_bytes(std::span(scores))}) {
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

template <int Pixels, int Hidden1, int Hidden2, int Latent, std::size_t Batch>
void check_model() {
  using S = Shape<Pixels, Hidden1, Hidden2, Latent>;
  const auto network = random_s4_network(S::kDimensions, 3);
  const auto s4 = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  const auto s8 = tools::pack_s8(expanded(network), Layout::kHost, kBothParts, {});
  const auto wanted = outputs<S, Batch>(s8, kScalarKernels);
  for (const Kernels* kernels : runnable_kernels()) {
    CAPTURE(kernels->name);
    CHECK(outputs<S, Batch>(s4, *kernels) == wanted);
  }
}

}  // namespace

TEST_CASE("every weight, scale and padding has a place of its own, and none is left over") {
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    for (const std::size_t in : {1u, 4u, 5u, 16u, 31u, 32u, 33u, 36u, 50u, 64u, 65u, 300u}) {
      for (std::size_t out = 1; out <= 50; ++out) {
        CAPTURE(in);
        CAPTURE(out);
        REQUIRE(misses(layout, in, out) == 0);
      }
    }
  }
}

TEST_CASE("half a byte a weight and half a byte a group") {
  CHECK(s4_size(Layout::kCortexM, 300, 784) == 784 * (300 + 10) / 2);
  CHECK(s4_size(Layout::kHost, 300, 784) == 784 * (300 + 10) / 2);
  CHECK(s4_size(Layout::kMve, 300, 784) == 784 * (304 + 10) / 2);
  CHECK(s4_size(Layout::kCortexM, 50, 300) == 304 * (52 + 2) / 2);
}

TEST_CASE("packing writes no further than its size, and numbers of the format are what they are") {
  CHECK(kLeastS4 == -8);
  CHECK(kGreatestS4 == 7);
  CHECK(kGreatestS4Scale == 15);
  CHECK(kS4Group == 32);
  const std::vector<std::int8_t> q(33 * 9, 7);
  const std::vector<std::uint8_t> scales(9 * s4_groups(33), 15);
  for (const Layout layout : kLayouts) {
    const std::size_t size = s4_size(layout, 33, 9);
    std::vector<std::uint8_t> packed(size + 64, 99);
    pack_s4_weights(layout, 33, 9, q.data(), scales.data(), packed.data());
    CHECK(std::count(packed.begin() + static_cast<std::ptrdiff_t>(size), packed.end(), 99) == 64);
  }
}

TEST_CASE("the order is that of s4.hpp") {
  // Two groups of 4 and 32 inputs would be 8 * 33 + 8 * 5 half bytes.
  CHECK(s4_index(Layout::kCortexM, 36, 0, 0) == 0);
  CHECK(s4_index(Layout::kCortexM, 36, 3, 2) == 7);
  CHECK(s4_index(Layout::kCortexM, 36, 4, 0) == 8);
  CHECK(s4_index(Layout::kCortexM, 36, 0, 1) == 16);
  CHECK(s4_index(Layout::kCortexM, 36, 0, 4) == 32);
  CHECK(s4_scale_index(Layout::kCortexM, 36, 2, 0) == 256 + 2);
  CHECK(s4_index(Layout::kCortexM, 36, 0, 32) == 264);
  CHECK(s4_scale_index(Layout::kCortexM, 36, 0, 1) == 264 + 32);
  CHECK(s4_index(Layout::kCortexM, 36, 8, 0) == 264 + 40);

  CHECK(s4_index(Layout::kMve, 36, 1, 0) == 1);
  CHECK(s4_index(Layout::kMve, 36, 0, 1) == 2);
  CHECK(s4_index(Layout::kMve, 36, 2, 0) == 32);
  CHECK(s4_index(Layout::kMve, 36, 0, 16) == 128);
  CHECK(s4_scale_index(Layout::kMve, 36, 7, 1) == 264 + 128 + 7);

  CHECK(s4_index(Layout::kHost, 36, 0, 1) == 2);
  CHECK(s4_index(Layout::kHost, 36, 1, 0) == 8);
  CHECK(s4_index(Layout::kHost, 36, 8, 0) == 1);
  CHECK(s4_index(Layout::kHost, 36, 0, 4) == 64);
  CHECK(s4_scale_index(Layout::kHost, 36, 15, 0) == 512 + 15);
}

TEST_CASE("cortex-m adds 8 to three outputs of four") {
  for (int q = kLeastS4; q <= kGreatestS4; ++q) {
    const auto weight = static_cast<std::int8_t>(q);
    const std::int8_t weights[] = {weight, weight, weight, weight};
    const std::uint8_t scales[] = {1, 2, 3, 15};
    std::uint8_t packed[s4_size(Layout::kCortexM, 1, 4)];
    pack_s4_weights(Layout::kCortexM, 1, 4, weights, scales, packed);
    const auto halfword = static_cast<std::int16_t>(packed[0] | packed[1] << 8);
    CHECK(halfword == 4096 * q + 273 * (q + 8));
    for (std::size_t output = 0; output < 4; ++output) {
      const S4Weight back = s4_weight(Layout::kCortexM, packed, 1, output, 0);
      CHECK(back.q == q);
      CHECK(back.scale == scales[output]);
    }
  }
}

TEST_CASE("an s4 model has the bits of the s8 model that it stands for: every ISA, shape, batch") {
  check_model<20, 7, 6, 3, 1>();
  check_model<20, 7, 6, 3, 5>();
  check_model<33, 18, 40, 9, 1>();
  check_model<129, 64, 31, 33, 7>();
  check_model<784, 300, 300, 50, 1>();
  check_model<784, 300, 300, 50, 13>();
}
