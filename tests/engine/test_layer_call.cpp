// A layer in parts: the bits of the whole layer, whatever the type, the ISA and the parts.
#include "picovae/layer_call.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/kernel_inputs.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/runnable_kernels.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

// Runs each layer `size` panels at a time, the last ones first.
struct InParts {
  std::size_t size = 1;
  void operator()(const LayerCall& call) const {
    for (std::size_t last = call.panels(); last != 0;) {
      const std::size_t first = last > size ? last - size : 0;
      call.run_panels(first, last);
      last = first;
    }
  }
};

// All that a model computes of two images, as bytes.
template <typename S, typename A, typename Run>
std::vector<std::byte> outputs(Vae<S, A, Run> vae, const tools::BlobBytes& blob,
                               const Kernels& kernels) {
  constexpr std::size_t kBatch = 2;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);
  const auto arena = std::make_unique<Arena<S, A, kBatch>>();
  std::vector<std::byte> all;
  const auto keep = [&all](const auto& values) {
    const auto bytes = std::as_bytes(std::span(values));
    all.insert(all.end(), bytes.begin(), bytes.end());
  };
  for (const std::size_t count : {std::size_t{1}, kBatch}) {  // kernels have a path for each
    std::vector<typename A::Pixel> digits(kBatch * S::kPixels), images(digits.size());
    std::vector<typename A::Logit> logits(digits.size());
    std::vector<typename A::Latent> mu(kBatch * S::kLatent), logvar(mu.size());
    CHECK(vae.generate(1, 0, digits.data(), arena->decoder, count) == Status::kOk);
    CHECK(vae.encode(digits.data(), mu.data(), logvar.data(), arena->encoder, count) ==
          Status::kOk);
    CHECK(vae.decode_logits(mu.data(), logits.data(), arena->decoder, count) == Status::kOk);
    CHECK(vae.reconstruct(digits.data(), images.data(), *arena, count) == Status::kOk);
    keep(digits);
    keep(mu);
    keep(logvar);
    keep(logits);
    keep(images);
    if constexpr (A::kIsInteger) {
      std::vector<Score> scores(kBatch);
      CHECK(vae.score(digits.data(), scores.data(), *arena, count) == Status::kOk);
      keep(scores);
    }
  }
  return all;
}

template <typename S, typename A>
void check_model(const tools::BlobBytes& blob) {
  for (const Kernels* kernels : runnable_kernels()) {
    CAPTURE(kernels->name);
    const auto whole = outputs(Vae<S, A>(), blob, *kernels);
    for (const std::size_t panels : {1u, 2u, 7u}) {
      CAPTURE(panels);
      CHECK(outputs(Vae<S, A, InParts>(InParts{panels}), blob, *kernels) == whole);
    }
  }
}

template <typename S>
void check_types() {
  for (const Type type : kFloatTypes) {
    CAPTURE(static_cast<int>(type));
    check_model<S, Float>(float_blob(type, S::kDimensions));
  }
  check_model<S, Integer>(s8_blob(S::kDimensions));
  check_model<S, Integer>(s4_blob(S::kDimensions));
  check_model<S, Integer>(high_blob(S::kDimensions));
  check_model<S, Integer>(high_s4_blob(S::kDimensions));
}

}  // namespace

TEST_CASE("a model whose layers run in parts computes what it does with whole layers") {
  check_types<Shape<20, 7, 6, 3>>();      // a panel a layer
  check_types<Shape<100, 65, 33, 17>>();  // last panels of 1, 2 and 4 outputs
  check_types<MnistShape>();
}

TEST_CASE("a part writes its own outputs and no other") {
  constexpr std::size_t kIn = 9, kOut = 100, kRows = 3, kStride = kOut + 5;
  constexpr float kNothing = -1234.5f;
  Random random(4);
  const auto layer = make_layer<F32Layer>(
      kIn, kOut, [&random](std::size_t, std::size_t) { return random.unit(); });
  const auto x = f32_input(kRows, kIn, kIn, random);
  const Dense dense = layer.dense();
  const auto in_parts = [&](std::size_t first, std::size_t last, std::size_t rows) {
    std::vector<float> y(kRows * kStride, kNothing);
    const LayerCall call{kScalarKernels.f32, Type::kF32, dense, x.data(), kIn,
                         y.data(),           kStride,    rows};
    REQUIRE(call.panels() == 4);
    call.run_panels(first, last);
    return y;
  };
  for (const std::size_t rows : {std::size_t{1}, kRows}) {
    const std::vector<float> whole = in_parts(0, 4, rows);
    for (std::size_t first = 0; first < 4; ++first) {
      for (std::size_t last = first + 1; last <= 4; ++last) {
        std::vector<float> wanted(whole.size(), kNothing);
        for (std::size_t row = 0; row < rows; ++row) {
          for (std::size_t j = first * kPanel; j < std::min(last * kPanel, kOut); ++j) {
            wanted[row * kStride + j] = whole[row * kStride + j];
          }
        }
        CHECK(in_parts(first, last, rows) == wanted);
      }
    }
  }
}
