// The reference: what is correct on every ISA, as plain loops over the layout's formula. Runs on
// any machine. In f32 it takes the steps of the vector kernels, one fused multiply-add a term in
// order, so those of an ISA that has one give the same bits.
#include <bit>
#include <cmath>

#include "half.hpp"
#include "host/polynomials_f32.hpp"
#include "host/product.hpp"
#include "picovae/layout.hpp"
#include "picovae/picovae.h"
#include "picovae/s4.hpp"
#include "requantize.hpp"

namespace picovae {
namespace {

template <std::size_t Terms>
float polynomial(const float (&c)[Terms], float x) {
  float sum = c[Terms - 1];
  for (std::size_t term = Terms - 1; term-- > 0;) sum = std::fma(sum, x, c[term]);
  return sum;
}

// exp_f32 of activation_f32.hpp, and those below, of one number.
float exp(float x) {
  if (x < kLowestExponent) x = kLowestExponent;
  const float shifted = std::fma(x, kLog2e, kToExponent);
  const float n = shifted - kToExponent;
  const float r = std::fma(n, -kLn2Low, std::fma(n, -kLn2High, x));
  return polynomial(kExp, r) * std::bit_cast<float>(std::bit_cast<std::uint32_t>(shifted) << 23);
}

float relu(float x) { return x < 0.0f ? 0.0f : x; }  // passes a NaN on

float softplus(float x) {
  const float t = exp(-std::fabs(x));
  return std::fma(polynomial(kLog1p, t), t, relu(x));
}

float sigmoid(float x) { return 1.0f / (1.0f + exp(x < -88.0f ? 88.0f : -x)); }

float activate(Activation activation, float v) {
  switch (activation) {
    case Activation::kRelu:
      return relu(v);
    case Activation::kSoftplus:
      return softplus(v);
    case Activation::kSigmoid:
      return sigmoid(v);
    case Activation::kIdentity:
      break;
  }
  return v;
}

float to_f32(float weight) { return weight; }

// Weights of type T, which kConvert turns into f32.
template <typename T, float (*kConvert)(T)>
void dense_float(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                 std::size_t y_stride, std::size_t rows) {
  const auto* weights = static_cast<const T*>(layer.weights);
  const auto* bias = static_cast<const float*>(layer.bias);
  for (std::size_t row = 0; row < rows; ++row) {
    const float* in = static_cast<const float*>(x) + row * x_stride;
    float* out = static_cast<float*>(y) + row * y_stride;
    for (std::size_t j = 0; j < layer.out; ++j) {
      float sum = 0;
      for (std::size_t k = 0; k < layer.in; ++k) {
        // f32, f16 and bf16 have the same order.
        const std::size_t at = packed_index(Layout::kHost, Type::kF32, layer.in, layer.out, j, k);
        sum = std::fma(in[k], kConvert(weights[at]), sum);
      }
      out[j] = activate(layer.activation, sum + bias[j]);
    }
  }
}

std::int32_t weight_s8(const Dense& layer, std::size_t output, std::size_t input) {
  if (layer.s4) {
    const S4Weight weight = s4_weight(Layout::kHost, layer.weights, layer.in, output, input);
    return weight.q * weight.scale;
  }
  return static_cast<const std::int8_t*>(
      layer.weights)[packed_index(Layout::kHost, Type::kS8, layer.in, layer.out, output, input)];
}

template <typename X>
std::int32_t dot(const Dense& layer, const X* in, std::size_t output) {
  std::uint32_t sum = 0;  // wraps; a verified model never does
  for (std::size_t k = 0; k < layer.in; ++k) {
    sum += static_cast<std::uint32_t>(weight_s8(layer, output, k) * in[k]);
  }
  return static_cast<std::int32_t>(sum);
}

void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  const auto* bias = static_cast<const std::int32_t*>(layer.bias);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t j = 0; j < layer.out; ++j) {
      const std::size_t from = row * x_stride;
      const std::size_t to = row * y_stride + j;
      const std::int32_t sum = layer.wide_input
                                   ? dot(layer, static_cast<const std::int16_t*>(x) + from, j)
                                   : dot(layer, static_cast<const std::uint8_t*>(x) + from, j);
      const std::int32_t t =
          requantize(sum, layer.multiplier[j], bias[j], layer.pre_shift, layer.post_shift);
      switch (layer.activation) {
        case Activation::kIdentity:
          static_cast<std::int16_t*>(y)[to] = static_cast<std::int16_t>(t);
          break;
        case Activation::kSoftplus:
          static_cast<std::uint8_t*>(y)[to] =
              softplus_u8(t, layer.rescale[j], layer.greatest, softplus_tail);
          break;
        case Activation::kRelu:
          static_cast<std::uint8_t*>(y)[to] = relu_u8(t, layer.rescale[j], layer.greatest);
          break;
        case Activation::kSigmoid:
          static_cast<std::uint8_t*>(y)[to] = sigmoid_u8(t, sigmoid_tail);
          break;
      }
    }
  }
}

}  // namespace

// Under names as an ISA has them: one without floats of its own takes these.
namespace scalar {
void dense_f32(const Dense& layer, const void* x, std::size_t x_stride, void* y,
               std::size_t y_stride, std::size_t rows) {
  dense_float<float, to_f32>(layer, x, x_stride, y, y_stride, rows);
}

void dense_f16(const Dense& layer, const void* x, std::size_t x_stride, void* y,
               std::size_t y_stride, std::size_t rows) {
  dense_float<std::uint16_t, f16_to_f32>(layer, x, x_stride, y, y_stride, rows);
}

void dense_bf16(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                std::size_t y_stride, std::size_t rows) {
  dense_float<std::uint16_t, bf16_to_f32>(layer, x, x_stride, y, y_stride, rows);
}

void product(const Product& p) {
  for (std::size_t i = 0; i < p.m; ++i) {
    float* c = p.c + i * p.c_row;
    for (std::size_t j = 0; j < p.n; ++j) {
      float sum = 0;
      for (std::size_t l = 0; l < p.k; ++l) {
        sum = std::fma(p.a[i * p.a_row + l * p.a_column], p.b[l * p.b_row + j * p.b_column], sum);
      }
      c[j] = p.skip_zeros ? sum + 0.0f : sum;
    }
    for (std::size_t j = p.n; j % 16 != 0; ++j) c[j] = 0;
  }
}
}  // namespace scalar

constinit const Kernels kScalarKernels = {.isa = Isa::kScalar,
                                          .name = "scalar",
                                          .layout = Layout::kHost,
                                          .f32 = scalar::dense_f32,
                                          .f16 = scalar::dense_f16,
                                          .bf16 = scalar::dense_bf16,
                                          .s8 = dense_s8};

}  // namespace picovae

const picovae_kernels* picovae_kernels_scalar(void) { return &picovae::kScalarKernels; }
