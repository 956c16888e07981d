// The epilogue of f32 layers: bias and activation, fused behind the sums of a block.
#pragma once

#include "host/activation_f32.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

namespace picovae {
namespace {

// `count` vectors of y = activation(sums + bias), each array moving on by its own step. y may be
// sums.
template <typename Simd, Activation kActivation>
[[gnu::noinline]] void activate_run(const float* sums, std::size_t sums_step, const float* bias,
                                    std::size_t bias_step, float* y, std::size_t y_step,
                                    std::size_t count) {
  using Floats = typename Simd::Floats;
  const auto take = [&](auto vectors) __attribute__((always_inline)) {
    constexpr std::size_t kVectors = decltype(vectors){};
    Floats v[kVectors];
    unroll<kVectors>([&](auto i) __attribute__((always_inline)) {
      v[i] = Floats::load_unaligned(sums + i * sums_step) +
             Floats::load_unaligned(bias + i * bias_step);
    });
    activate_f32<Simd, kActivation>(v);
    unroll<kVectors>([&](auto i)
                         __attribute__((always_inline)) { v[i].store_unaligned(y + i * y_step); });
    sums += kVectors * sums_step;
    bias += kVectors * bias_step;
    y += kVectors * y_step;
  };
  for (; count >= Simd::kTuning.f32.activated; count -= Simd::kTuning.f32.activated)
    take(Index<Simd::kTuning.f32.activated>{});
  for (; count != 0; --count) take(Index<1>{});
}

// Sums that are computed before their epilogue runs: enough that its long chains of arithmetic
// overlap.
inline constexpr std::size_t kBlock = 4096;

// Bias and activation for sums [rows][columns] of the outputs from `first` on, into rows of y.
template <typename Simd>
void finish_f32(const Dense& layer, std::size_t first, float* sums, std::size_t columns,
                std::size_t rows, float* y, std::size_t y_stride) {
  constexpr std::size_t kLanes = Simd::Floats::size;
  const auto* bias = static_cast<const float*>(layer.bias) + first;
  const std::size_t width = smaller(columns, layer.out - first);
  const std::size_t whole = width / kLanes * kLanes;
  const auto run =
      layer.activation == Activation::kSoftplus  ? activate_run<Simd, Activation::kSoftplus>
      : layer.activation == Activation::kRelu    ? activate_run<Simd, Activation::kRelu>
      : layer.activation == Activation::kSigmoid ? activate_run<Simd, Activation::kSigmoid>
                                                 : activate_run<Simd, Activation::kIdentity>;
  y += first;
  if (columns > kPanel) {
    for (std::size_t row = 0; row < rows; ++row)
      run(sums + row * columns, kLanes, bias, kLanes, y + row * y_stride, kLanes, whole / kLanes);
  } else {
    for (std::size_t j = 0; j < whole; j += kLanes) {
      run(sums + j, columns, bias + j, 0, y + j, y_stride, rows);
    }
  }
  if (whole == width) return;
  run(sums + whole, columns, bias + whole, 0, sums + whole, columns, rows);
  for (; rows != 0; --rows, sums += columns, y += y_stride) {
    copy(sums + whole, y + whole, width - whole);
  }
}

}  // namespace
}  // namespace picovae
