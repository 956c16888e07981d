// Weights of f16 and bf16: every ISA against f32 weights of the same values.
#include "half.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "tests/engine/kernel_inputs.hpp"
#include "tests/engine/packed_layer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

// A layer of 16-bit weights of order 1, and the f32 layer of the same values.
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
  layers.half.activation = layers.f32.activation = static_cast<Activation>(random.between(0, 2));
  return layers;
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
    kernels->f32(layers.f32.dense(), x.data(), layers.f32.in, expected.data(), layers.f32.out,
                 rows);
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

// Sign, exponent and mantissa of a 16-bit number, by their definition.
double value_of(std::uint16_t bits, int mantissa_bits, int bias) {
  const int exponent = (bits & 0x7fff) >> mantissa_bits;
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, 1 - bias - mantissa_bits)
                    : std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

// Whether `got` is one times a bf16. 32-bit NEON takes subnormal f32 for zero.
bool is_bf16(float got, std::uint16_t bits) {
  const double value = value_of(bits, 7, 127);
#if defined(__arm__)
  if (got == 0 && std::fabs(value) < std::numeric_limits<float>::min()) return true;
#endif
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
        if ((bits(j) & 0x7f80) != 0x7f80) REQUIRE(is_bf16(bf16[j], bits(j)));
      }
    }
  }
}

}  // namespace
