// What the kernels that read Layout::kCortexM share: the walk over panels of 8 outputs, and the
// epilogue. A Core is what differs between cores, all static:
//
//   std::int32_t start_narrow(const void* x, std::size_t groups);
//   std::int32_t start_wide(const void* x, std::size_t groups);
//     -128 * (sum of the inputs), x u8 or s16: the start of a sum of `even + 128`.
//   void multiply_narrow(const std::int8_t* weights, const void* x, std::size_t groups,
//                        std::int32_t* sums, std::int32_t start);
//   void multiply_wide(the same);
//     The 8 sums of a panel over `groups` >= 1 groups of 4 inputs, 32 bytes of weights each.
//   std::int32_t saturate16(std::int32_t v), softplus_tail(std::int32_t a), sigmoid_tail(a);
//     As in requantize.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "requantize.hpp"

namespace picovae::board {

// The outputs of a layer that are still to do. Each panel advances these.
struct Outputs {
  const std::int32_t* bias;
  const std::uint16_t* multiplier;
  const std::int16_t* rescale;
  void* y;
};

// `count` sums -> y.
template <typename Core>
inline void finish(const Dense& layer, const std::int32_t* sums, std::size_t count,
                   Outputs& outputs) {
  const auto each = [&](auto* y, auto activate) {
    const int pre_shift = layer.pre_shift;
    const int post_shift = layer.post_shift;
    const std::int32_t* const end = sums + count;
    const std::int32_t* bias = outputs.bias;
    const std::uint16_t* multiplier = outputs.multiplier;
    for (const std::int32_t* sum = sums; sum != end; ++sum) {
      activate(*y++,
               Core::saturate16(rescale_sum(*sum, *multiplier++, *bias++, pre_shift, post_shift)));
    }
    outputs.bias = bias;
    outputs.multiplier = multiplier;
    outputs.y = y;
  };
  switch (layer.activation) {
    case Activation::kIdentity:
      return each(static_cast<std::int16_t*>(outputs.y),
                  [](std::int16_t& y, std::int32_t t) { y = static_cast<std::int16_t>(t); });
    case Activation::kSoftplus:
    case Activation::kRelu:
      return each(static_cast<std::uint8_t*>(outputs.y),
                  [&rescale = outputs.rescale, greatest = std::int32_t{layer.greatest},
                   relu = is_relu(layer.activation)](std::uint8_t& y, std::int32_t t) {
                    y = relu ? relu_u8(t, *rescale++, greatest)
                             : softplus_u8(t, *rescale++, greatest, Core::softplus_tail);
                  });
    case Activation::kSigmoid:
      return each(static_cast<std::uint8_t*>(outputs.y),
                  [](std::uint8_t& y, std::int32_t t) { y = sigmoid_u8(t, Core::sigmoid_tail); });
  }
}

using StartFn = std::int32_t (*)(const void* x, std::size_t groups);
using MultiplyFn = void (*)(const std::int8_t* weights, const void* x, std::size_t groups,
                            std::int32_t* sums, std::int32_t start);

// The sums of s8 weights in Layout::kCortexM.
template <typename Core>
class S8Panels {
 public:
  explicit S8Panels(const Dense& layer)
      : start_(layer.wide_input ? Core::start_wide : Core::start_narrow),
        multiply_(layer.wide_input ? Core::multiply_wide : Core::multiply_narrow),
        groups_(round_up(layer.in, kInputPad) / kInputPad) {}

  // Bytes of a panel.
  std::size_t size() const { return groups_ * kInputPad * kCortexMPanel; }
  // The inputs of the next panels.
  void start(const std::byte* x) {
    x_ = x;
    start_sum_ = start_(x, groups_);
  }
  // The 8 sums of a panel.
  void multiply(const std::int8_t* weights, std::int32_t* sums) const {
    multiply_(weights, x_, groups_, sums, start_sum_);
  }

 private:
  StartFn start_;
  MultiplyFn multiply_;
  std::size_t groups_;
  const std::byte* x_ = nullptr;
  std::int32_t start_sum_ = 0;
};

// A layer whose sums come from `panels`, which is as S8Panels.
template <typename Core, typename Panels>
[[gnu::always_inline]] inline void run_panels(Panels panels, const Dense& layer, const void* x,
                                              std::size_t x_stride, void* y, std::size_t y_stride,
                                              std::size_t rows) {
  const bool wide = layer.wide_input;
  const std::size_t x_bytes = x_stride * (wide ? sizeof(std::int16_t) : 1);
  const std::size_t y_bytes =
      y_stride * (layer.activation == Activation::kIdentity ? sizeof(std::int16_t) : 1);
  const auto* in = static_cast<const std::byte*>(x);
  auto* out = static_cast<std::byte*>(y);
  for (; rows != 0; --rows, in += x_bytes, out += y_bytes) {
    const auto* weights = static_cast<const std::int8_t*>(layer.weights);
    Outputs outputs = {static_cast<const std::int32_t*>(layer.bias), layer.multiplier,
                       layer.rescale, out};
    panels.start(in);
    for (std::size_t left = layer.out; left != 0;) {
      const std::size_t count = left < kCortexMPanel ? left : kCortexMPanel;
      std::int32_t sums[kCortexMPanel];
      panels.multiply(weights, sums);
      finish<Core>(layer, sums, count, outputs);
      weights += panels.size();
      left -= count;
    }
  }
}

// A DenseFn for s8 weights in Layout::kCortexM.
template <typename Core>
void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  run_panels<Core>(S8Panels<Core>(layer), layer, x, x_stride, y, y_stride, rows);
}

// A DenseFn for s8 weights and those of 4 bits, whose sums S4Panels has.
template <typename Core, typename S4Panels>
void dense_s4_too(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                  std::size_t y_stride, std::size_t rows) {
  if (layer.s4) {
    run_panels<Core>(S4Panels(layer), layer, x, x_stride, y, y_stride, rows);
  } else {
    dense_s8<Core>(layer, x, x_stride, y, y_stride, rows);
  }
}

// The one that this build wants.
template <typename Core, typename S4Panels>
constexpr DenseFn dense_for() {
  if constexpr (kHasS4) {
    return dense_s4_too<Core, S4Panels>;
  } else {
    return dense_s8<Core>;
  }
}

}  // namespace picovae::board
