// Every ISA against the scalar reference: bit for bit, or to 1e-5 in f32 without a fused
// multiply-add.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "tests/engine/fitted_weights.hpp"
#include "tests/engine/kernel_inputs.hpp"
#include "tests/engine/packed_layer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

TEST_CASE("the kernels under test") {
  std::string tested, missing;
  for (const Kernels* kernels : built_kernels()) {
    std::string& list = machine_runs(kernels->isa) ? tested : missing;
    list += std::string(list.empty() ? "" : ", ") + kernels->name;
  }
  MESSAGE("kernels tested: " << tested);
  if (!missing.empty()) MESSAGE("this machine lacks, so NOT tested: " << missing);
  CHECK(machine_runs(Isa::kScalar));
}

// ---- s8

// A row of y holds u8, or s16 for the identity.
std::size_t element_size(const S8Layer& layer) {
  return layer.activation == Activation::kIdentity ? sizeof(std::int16_t) : sizeof(std::uint8_t);
}

// Inputs in their legal range, garbage between them. The last row ends where a kernel may stop
// reading.
struct S8Input {
  std::size_t rows, stride;
  std::vector<std::int16_t> wide;
  std::vector<std::uint8_t> narrow;

  S8Input(const S8Layer& layer, std::size_t count, bool extreme, Random& random)
      : rows(count),
        stride(round_up(layer.in, kInputPad) +
               kInputPad * static_cast<std::size_t>(random.between(0, 2))) {
    const std::size_t size = (rows - 1) * stride + round_up(layer.in, kInputPad);
    for (std::size_t i = 0; i < size; ++i) {
      const bool used = i % stride < layer.in;
      if (layer.wide_input) {
        const int legal =
            extreme ? (random.between(0, 1) ? 8191 : -8191) : random.between(-8191, 8191);
        wide.push_back(static_cast<std::int16_t>(used ? legal : random.between(-32768, 32767)));
      } else {
        const int most = greatest_input(layer.dense());
        const int legal = !extreme                                        ? random.between(0, most)
                          : layer.high_input && random.between(0, 3) == 0 ? 0
                                                                          : most;
        narrow.push_back(static_cast<std::uint8_t>(used ? legal : random.between(0, 255)));
      }
    }
  }
  const void* data() const {
    return narrow.empty() ? static_cast<const void*>(wide.data()) : narrow.data();
  }
};

void check_s8(const S8Layer& layer, const S8Input& input, std::size_t gap) {
  const std::size_t stride = layer.out + gap;
  const std::vector<std::uint8_t> untouched(input.rows * stride * element_size(layer) + 64, 0xa5);
  std::vector<std::uint8_t> expected = untouched;
  kScalarKernels.s8(layer.dense(), input.data(), input.stride, expected.data(), stride, input.rows);
  for (const Kernels* kernels : runnable_kernels(&Kernels::s8)) {
    std::vector<std::uint8_t> y = untouched;
    kernels->s8(layer.dense(), input.data(), input.stride, y.data(), stride, input.rows);
    const auto differs = std::mismatch(y.begin(), y.end(), expected.begin()).first - y.begin();
    CAPTURE(std::string(kernels->name));
    CAPTURE(layer.in);
    CAPTURE(layer.out);
    CAPTURE(input.rows);
    CAPTURE(input.stride);
    CAPTURE(stride);
    CAPTURE(layer.wide_input);
    CAPTURE(layer.high_input);
    CAPTURE(int{layer.greatest});
    CAPTURE(static_cast<int>(layer.activation));
    CAPTURE(static_cast<int>(layer.pre_shift));
    CAPTURE(static_cast<int>(layer.post_shift));
    CAPTURE(differs);  // the first byte of y that does
    REQUIRE(y == expected);
  }
}

// A layer whose sums land in the interesting part of the activations.
S8Layer random_s8(std::size_t in, std::size_t out, Random& random) {
  auto layer = make_layer<S8Layer>(in, out, [&](std::size_t, std::size_t) {
    return static_cast<std::int8_t>(random.between(-127, 127));
  });
  layer.wide_input = random.between(0, 1) != 0;
  layer.activation = static_cast<Activation>(random.between(0, 3));
  layer.pre_shift = static_cast<std::uint8_t>(random.between(0, 8));
  layer.post_shift = static_cast<std::uint8_t>(random.between(0, 18));
  if (random.between(0, 1) != 0) layer.greatest = kHighActivations[random.between(0, 3)];
  for (std::size_t j = 0; j < layer.bias.size(); ++j) {
    const int spread = 1 << (layer.post_shift + 12);
    layer.bias[j] = random.between(-spread, spread);
    layer.multiplier[j] = static_cast<std::uint16_t>(random.between(0, 1023));
    layer.rescale[j] = static_cast<std::int16_t>(random.between(0, 32767));
  }
  return layer;
}

// Weights [out][in] of a layer with inputs up to `greatest`, and as they are packed.
struct HighWeights {
  std::uint8_t greatest;
  std::vector<std::int8_t> weights;
  tools::AlignedVector<std::int8_t> packed;

  // Like another layer, with these weights.
  S8Layer layer(const S8Layer& like) const {
    S8Layer layer = like;
    layer.weights = packed;
    layer.wide_input = false;
    layer.high_input = true;
    layer.greatest = greatest;
    layer.pre_shift = 0;
    add_shifted_biases(layer, weights);
    return layer;
  }
};

HighWeights high_weights(std::size_t in, std::size_t out, std::vector<std::int8_t> weights,
                         std::uint8_t greatest) {
  fit_weights(weights.data(), in, out, greatest, [](std::size_t, std::size_t) { return 1; });
  tools::AlignedVector<std::int8_t> packed(packed_size(Layout::kHost, Type::kS8, in, out));
  pack_weights(Layout::kHost, Type::kS8, true, in, out, weights.data(), packed.data());
  return {greatest, std::move(weights), std::move(packed)};
}

S8Layer random_high_s8(std::size_t in, std::size_t out, std::uint8_t greatest, Random& random) {
  std::vector<std::int8_t> weights;
  for (std::size_t i = 0; i < in * out; ++i) {
    weights.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
  }
  return high_weights(in, out, std::move(weights), greatest).layer(random_s8(in, out, random));
}

TEST_CASE("s8 layers of every width equal the reference bit for bit") {
  Random random(1);
  std::size_t count = 0;
  for (const std::size_t in : kWidths) {
    for (const std::size_t out : kWidths) {
      for (const std::size_t rows : {std::size_t{1}, 2 + count++ % 12}) {
        const S8Layer layer = random_s8(in, out, random);
        check_s8(layer, S8Input(layer, rows, false, random), count % 3 * 5);
      }
    }
  }
}

TEST_CASE("s8 layers of every number of rows equal the reference bit for bit") {
  Random random(2);
  for (const bool wide : {false, true}) {
    for (const Activation activation :
         {Activation::kIdentity, Activation::kSoftplus, Activation::kSigmoid, Activation::kRelu}) {
      S8Layer layer = random_s8(50, 113, random);
      layer.wide_input = wide;
      layer.activation = activation;
      for (std::size_t rows = 1; rows <= 13; ++rows) {
        check_s8(layer, S8Input(layer, rows, false, random), rows % 4);
      }
      check_s8(layer, S8Input(layer, 100, false, random), 3);
    }
  }
}

// Biases and multipliers with which products and sums wrap.
void make_wrapping(S8Layer& layer, Random& random) {
  for (std::size_t j = 0; j < layer.bias.size(); ++j) {
    layer.bias[j] = static_cast<std::int32_t>(random.word());
    layer.multiplier[j] = j % 2 ? 65535 : static_cast<std::uint16_t>(random.word());
    layer.rescale[j] = 32767;
  }
}

TEST_CASE("s8 layers at the ends of every range equal the reference bit for bit") {
  Random random(3);
  for (const int weight : {127, -127, -128}) {
    for (const bool wide : {false, true}) {
      for (const std::size_t in : {std::size_t{4}, std::size_t{301}, kMaxWidth}) {
        auto layer = make_layer<S8Layer>(
            in, 49, [&](std::size_t, std::size_t) { return static_cast<std::int8_t>(weight); });
        layer.wide_input = wide;
        for (std::uint8_t shift = 0; shift <= 24; ++shift) {
          layer.pre_shift = shift % 9;
          layer.post_shift = shift;
          layer.activation = static_cast<Activation>(shift % 4);
          make_wrapping(layer, random);
          check_s8(layer, S8Input(layer, 5, true, random), 1);
        }
      }
    }
  }
}

TEST_CASE("layers with inputs above 127 equal the reference bit for bit") {
  Random random(7);
  std::size_t count = 0;
  for (const std::size_t in : kWidths) {
    for (const std::size_t out : kWidths) {
      for (const std::size_t rows : {std::size_t{1}, 2 + count % 12}) {
        const std::uint8_t greatest = kHighActivations[count++ % std::size(kHighActivations)];
        const S8Layer layer = random_high_s8(in, out, greatest, random);
        check_s8(layer, S8Input(layer, rows, false, random), count % 3 * 5);
        check_s8(layer, S8Input(layer, rows, true, random), count % 3 * 5);
      }
    }
  }
  for (std::size_t rows = 1; rows <= 25; ++rows) {
    const S8Layer layer = random_high_s8(50, 113, 170, random);
    check_s8(layer, S8Input(layer, rows, false, random), rows % 4);
  }
}

TEST_CASE("layers with inputs above 127, at the ends of every range") {
  Random random(8);
  for (const std::uint8_t greatest : kHighActivations) {
    for (const int weight : {127, -127}) {
      for (const std::size_t in : {std::size_t{1}, std::size_t{4}, std::size_t{302}, kMaxWidth}) {
        const HighWeights weights =
            high_weights(in, 49, std::vector(in * 49, static_cast<std::int8_t>(weight)), greatest);
        S8Layer like = random_s8(in, 49, random);
        for (std::uint8_t shift = 0; shift <= 24; ++shift) {
          like.post_shift = shift;
          like.activation = static_cast<Activation>(shift % 3);
          make_wrapping(like, random);
          const S8Layer layer = weights.layer(like);
          check_s8(layer, S8Input(layer, 1 + shift % 5, true, random), 1);
        }
      }
    }
  }
}

// ---- s4

// A layer of 4-bit weights, and the same one of the s8 weights that they stand for.
struct S4Pair {
  S8Layer s8;
  std::vector<std::uint8_t> packed;

  Dense s4() const {
    Dense dense = s8.dense();
    dense.weights = packed.data();
    dense.s4 = true;
    return dense;
  }
};

// With inputs up to `greatest`, if that is above 127.
S4Pair random_s4(std::size_t in, std::size_t out, Random& random,
                 std::uint8_t greatest = kMaxActivation) {
  const std::size_t groups = s4_groups(in);
  std::vector<std::uint8_t> scales;
  for (std::size_t i = 0; i < out * groups; ++i) {
    scales.push_back(static_cast<std::uint8_t>(random.between(1, kGreatestS4Scale)));
  }
  std::vector<std::int8_t> q, weights;
  for (std::size_t i = 0; i < in * out; ++i) {
    const int scale = scales[i / in * groups + i % in / kS4Group];
    weights.push_back(static_cast<std::int8_t>(random.between(kLeastS4, kGreatestS4) * scale));
  }
  S4Pair pair{random_s8(in, out, random),
              std::vector<std::uint8_t>(s4_size(Layout::kHost, in, out))};
  const auto scale_of = [&](std::size_t output, std::size_t input) {
    return scales[output * groups + input / kS4Group];
  };
  if (greatest > kMaxActivation) {
    fit_weights(weights.data(), in, out, greatest, [&](std::size_t output, std::size_t group) {
      return scale_of(output, group * kInputPad);
    });
    pair.s8 = high_weights(in, out, weights, greatest).layer(pair.s8);
  }
  for (std::size_t i = 0; i < in * out; ++i) {
    q.push_back(static_cast<std::int8_t>(weights[i] / scale_of(i / in, i % in)));
  }
  pack_weights(Layout::kHost, Type::kS8, pair.s8.high_input, in, out, weights.data(),
               pair.s8.weights.data());
  pack_s4_weights(Layout::kHost, in, out, q.data(), scales.data(), pair.packed.data());
  return pair;
}

void check_s4(const S4Pair& pair, std::size_t rows, Random& random) {
  const S8Input input(pair.s8, rows, false, random);
  const std::size_t stride = pair.s8.out + 3;
  std::vector<std::uint8_t> expected(rows * stride * element_size(pair.s8) + 64, 0xa5);
  std::vector<std::uint8_t> untouched = expected;
  kScalarKernels.s8(pair.s8.dense(), input.data(), input.stride, expected.data(), stride, rows);
  for (const Kernels* kernels : runnable_kernels(&Kernels::s8)) {
    CAPTURE(std::string(kernels->name));
    CAPTURE(pair.s8.in);
    CAPTURE(pair.s8.out);
    CAPTURE(rows);
    CAPTURE(pair.s8.wide_input);
    CAPTURE(static_cast<int>(pair.s8.activation));
    std::vector<std::uint8_t> y = untouched;
    kernels->s8(pair.s4(), input.data(), input.stride, y.data(), stride, rows);
    REQUIRE(y == expected);
  }
}

TEST_CASE("s4 layers equal the s8 layers that they stand for, on every ISA") {
  Random random(9);
  std::size_t count = 0;
  for (const std::size_t in : kWidths) {
    for (const std::size_t out : kWidths) {
      check_s4(random_s4(in, out, random), 1, random);
      check_s4(random_s4(in, out, random), 2 + count++ % 12, random);
      const std::uint8_t greatest = kHighActivations[count % std::size(kHighActivations)];
      check_s4(random_s4(in, out, random, greatest), 1, random);
      check_s4(random_s4(in, out, random, greatest), 2 + count % 12, random);
    }
  }
  check_s4(random_s4(kMaxWidth, 17, random), 3, random);
  check_s4(random_s4(kMaxWidth - 1, 33, random), 100, random);
}

// ---- f32

// Outputs of order 1.
F32Layer random_f32(std::size_t in, std::size_t out, Random& random) {
  const float scale = 2.0f / std::sqrt(static_cast<float>(in));
  auto layer = make_layer<F32Layer>(
      in, out, [&](std::size_t, std::size_t) { return scale * random.unit(); });
  for (float& bias : layer.bias) bias = 0.1f * random.unit();
  layer.activation = static_cast<Activation>(random.between(0, 3));
  return layer;
}

void check_f32(const F32Layer& layer, std::size_t rows, std::size_t gap, Random& random) {
  const std::size_t x_stride = layer.in + gap;
  const std::size_t y_stride = layer.out + gap;
  const std::vector<float> x = f32_input(rows, x_stride, layer.in, random);
  const float guard = -12345.0f;
  std::vector<float> expected(rows * y_stride + 16, guard);
  kScalarKernels.f32(layer.dense(), x.data(), x_stride, expected.data(), y_stride, rows);
  for (const Kernels* kernels : runnable_kernels(&Kernels::f32)) {
    CAPTURE(std::string(kernels->name));
    CAPTURE(layer.in);
    CAPTURE(layer.out);
    CAPTURE(rows);
    CAPTURE(gap);
    CAPTURE(static_cast<int>(layer.activation));
    std::vector<float> y(expected.size(), guard);
    kernels->f32(layer.dense(), x.data(), x_stride, y.data(), y_stride, rows);
    for (std::size_t i = 0; i < y.size(); ++i) {
      CAPTURE(i);
      const bool written = i < rows * y_stride && i % y_stride < layer.out;
      const float tolerance = written && !equals_reference(*kernels)
                                  ? 1e-5f * std::max(1.0f, std::fabs(expected[i]))
                                  : 0.0f;
      REQUIRE(std::fabs(y[i] - expected[i]) <= tolerance);
    }
    // The same row alone gives the same bits.
    std::vector<float> alone(layer.out);
    for (std::size_t row = 0; row < rows; ++row) {
      CAPTURE(row);
      kernels->f32(layer.dense(), x.data() + row * x_stride, 0, alone.data(), 0, 1);
      REQUIRE(std::memcmp(alone.data(), &y[row * y_stride], layer.out * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("f32 layers of every width agree with the reference, and a row with itself alone") {
  Random random(4);
  std::size_t count = 0;
  for (const std::size_t in : kWidths) {
    for (const std::size_t out : kWidths) {
      check_f32(random_f32(in, out, random), 1, 0, random);
      check_f32(random_f32(in, out, random), 2 + count % 12, count % 3 * 5, random);
      ++count;
    }
  }
}

TEST_CASE("f32 layers of every number of rows agree with the reference") {
  Random random(5);
  for (const std::size_t out : {std::size_t{16}, std::size_t{57}, std::size_t{176}}) {
    for (std::size_t rows = 1; rows <= 25; ++rows) {
      check_f32(random_f32(33, out, random), rows, rows % 4, random);
    }
    // Sums are kept for a block of 128 rows at most; from 65 on it is one panel wide.
    for (const std::size_t rows : {64u, 65u, 100u, 128u, 129u, 257u}) {
      check_f32(random_f32(17, out, random), rows, 3, random);
    }
  }
}

TEST_CASE("a layer of no rows writes nothing") {
  Random random(6);
  const S8Layer s8 = random_s8(33, 57, random);
  const F32Layer f32 = random_f32(33, 57, random);
  for (const Kernels* kernels : runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    float y = -1;
    kernels->f32(f32.dense(), nullptr, 33, &y, 57, 0);
    kernels->s8(s8.dense(), nullptr, 36, &y, 57, 0);
    CHECK(y == -1);
  }
}

}  // namespace
