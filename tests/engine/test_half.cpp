// Weights of f16 and bf16: every ISA against f32 weights of the same values, which an ISA that
// rounds inputs to bf16 meets with rounded ones.
#include "half.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "tests/engine/kernel_inputs.hpp"
#include "tests/engine/packed_layer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

// A layer of 16-bit weights of order 1, behind which there are NaNs, and the f32 layer of the same
// values.
struct Halves {
  HalfLayer half;
  F32Layer f32;
};

template <float (*kConvert)(std::uint16_t)>
Halves random_halves(std::size_t in, std::size_t out, int lowest_exponent, int mantissa_bits,
                     Random& random) {
  std::vector<std::uint16_t> bits(in * out);
  for (auto& b : bits) {
    const int exponent = random.between(lowest_exponent, lowest_exponent + 6);
    b = static_cast<std::uint16_t>(random.between(0, 1) << 15 | exponent << mantissa_bits |
                                   random.between(0, (1 << mantissa_bits) - 1));
  }
  const auto at = [&](std::size_t j, std::size_t k) { return bits[j * in + k]; };
  Halves layers{make_layer<HalfLayer>(in, out, at),
                make_layer<F32Layer>(
                    in, out, [&](std::size_t j, std::size_t k) { return kConvert(at(j, k)); })};
  for (std::size_t j = 0; j < out; ++j) {
    layers.half.bias[j] = layers.f32.bias[j] = 0.1f * random.unit();
  }
  layers.half.weights.resize(layers.half.weights.size() + kPanel, 0x7fff);
  layers.half.activation = layers.f32.activation = static_cast<Activation>(random.between(0, 2));
  return layers;
}

// The nearest bf16, of two the even one.
float to_bf16(float value) {
  std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<float>(bits & 0xffff0000);
}

// The order in which an ISA that rounds inputs adds them up: the second of each pair first.
std::size_t added_at(std::size_t k, std::size_t in) { return (k ^ 1) < in ? k ^ 1 : k; }

// y [rows][out] as such an ISA defines it, by its f32 kernel.
std::vector<float> rounded_outputs(const Kernels& kernels, const Halves& layers,
                                   const std::vector<float>& x, std::size_t rows) {
  const std::size_t in = layers.f32.in, out = layers.f32.out;
  auto swapped = make_layer<F32Layer>(in, out, [&](std::size_t j, std::size_t k) {
    return layers.f32.weights[packed_index(Layout::kHost, Type::kF32, in, out, j, added_at(k, in))];
  });
  swapped.bias = layers.f32.bias;
  swapped.activation = layers.f32.activation;
  std::vector<float> rounded(x.size()), y(rows * out);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < in; ++k) {
      rounded[row * in + k] = to_bf16(x[row * in + added_at(k, in)]);
    }
  }
  kernels.f32(swapped.dense(), rounded.data(), in, y.data(), out, rows);
  return y;
}

// 16-bit weights become f32 exactly, so that nothing may differ.
void check_halves(const Halves& layers, DenseFn Kernels::*dense, std::size_t rows, Random& random) {
  const std::vector<float> x = f32_input(rows, layers.f32.in, layers.f32.in, random);
  for (const Kernels* kernels : runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    CAPTURE(layers.f32.in);
    CAPTURE(layers.f32.out);
    CAPTURE(rows);
    std::vector<float> expected(rows * layers.f32.out), y(expected.size());
    if (kernels->rounds_inputs && dense == &Kernels::bf16) {
      expected = rounded_outputs(*kernels, layers, x, rows);
    } else {
      kernels->f32(layers.f32.dense(), x.data(), layers.f32.in, expected.data(), layers.f32.out,
                   rows);
    }
    (kernels->*dense)(layers.half.dense(), x.data(), layers.f32.in, y.data(), layers.f32.out, rows);
    REQUIRE(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("layers of 16-bit weights are f32 layers of the same values, bit for bit") {
  Random random(8);
  std::size_t rows = 0;
  for (const std::size_t in : kWidths) {
    for (const std::size_t out : kWidths) {
      rows = rows % 13 + 1;
      check_halves(random_halves<f16_to_f32>(in, out, 8, 10, random), &Kernels::f16, rows, random);
      check_halves(random_halves<bf16_to_f32>(in, out, 120, 7, random), &Kernels::bf16, rows,
                   random);
    }
  }
}

// More inputs than an ISA rounds at once: it adds up the sums of these.
TEST_CASE("bf16 layers of thousands of inputs agree with f32 arithmetic, a row with itself alone") {
  Random random(9);
  struct Size {
    std::size_t in, out, rows;
  };
  // Of the last one the sums are kept in several blocks of outputs, each of all inputs.
  constexpr Size kSizes[] = {{1023, 130, 1}, {1024, 130, 2}, {1025, 130, 3}, {2048, 130, 4},
                             {2049, 130, 5}, {3001, 130, 6}, {1100, 1500, 7}};
  for (const Size& size : kSizes) {
    const std::size_t in = size.in, out = size.out, rows = size.rows;
    const Halves layers = random_halves<bf16_to_f32>(in, out, 112, 7, random);
    const std::vector<float> x = f32_input(rows, in, in, random);
    for (const Kernels* kernels : runnable_kernels()) {
      CAPTURE(std::string(kernels->name));
      CAPTURE(in);
      std::vector<float> expected(rows * layers.f32.out), y(expected.size());
      kernels->f32(layers.f32.dense(), x.data(), in, expected.data(), layers.f32.out, rows);
      if (kernels->rounds_inputs) expected = rounded_outputs(*kernels, layers, x, rows);
      kernels->bf16(layers.half.dense(), x.data(), in, y.data(), layers.f32.out, rows);
      for (std::size_t i = 0; i < y.size(); ++i) {
        REQUIRE(y[i] == doctest::Approx(expected[i]).epsilon(1e-5));
      }
      std::vector<float> alone(layers.f32.out);
      for (std::size_t row = 0; row < rows; ++row) {
        kernels->bf16(layers.half.dense(), x.data() + row * in, 0, alone.data(), 0, 1);
        REQUIRE(std::memcmp(alone.data(), &y[row * alone.size()], alone.size() * sizeof(float)) ==
                0);
      }
    }
  }
}

// Sign, exponent and mantissa of a 16-bit number, by their definition.
double value_of(std::uint16_t bits, int mantissa_bits, int bias) {
  const int exponent = (bits & 0x7fff) >> mantissa_bits;
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                    : std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

// Whether `got` is one times a bf16. 32-bit NEON and dot products of bf16 take subnormal f32 for
// zero.
bool is_bf16(float got, std::uint16_t bits, [[maybe_unused]] const Kernels& kernels) {
  const double value = value_of(bits, 7, 127);
#if defined(__arm__)
  const bool flushes = true;
#else
  const bool flushes = kernels.rounds_inputs;
#endif
  if (flushes && got == 0 && std::fabs(value) < std::numeric_limits<float>::min()) return true;
  return got == value;
}

TEST_CASE("16-bit weights are converted exactly, subnormal ones as well") {
  const float x = 1;  // the only input, so that each output is its weight
  for (std::uint32_t first = 0; first < 0x10000; first += 1024) {
    const auto bits = [&](std::size_t j) { return static_cast<std::uint16_t>(first + j); };
    const auto layer =
        make_layer<HalfLayer>(1, 1024, [&](std::size_t j, std::size_t) { return bits(j); });
    for (const Kernels* kernels : runnable_kernels()) {
      CAPTURE(std::string(kernels->name));
      std::vector<float> f16(1024), bf16(1024);
      kernels->f16(layer.dense(), &x, 1, f16.data(), 1024, 1);
      kernels->bf16(layer.dense(), &x, 1, bf16.data(), 1024, 1);
      for (std::size_t j = 0; j < 1024; ++j) {
        CAPTURE(bits(j));
        if ((bits(j) & 0x7c00) != 0x7c00) REQUIRE(f16[j] == value_of(bits(j), 10, 15));
        if ((bits(j) & 0x7f80) != 0x7f80) REQUIRE(is_bf16(bf16[j], bits(j), *kernels));
      }
    }
  }
}

}  // namespace
