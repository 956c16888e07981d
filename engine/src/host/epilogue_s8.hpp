// The epilogue of s8 layers: requantization and activation, fused behind the sums of a block, bit
// for bit as requantize.hpp says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "host/simd.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "requantize.hpp"

namespace picovae {
namespace {

// Epilogue is an EpilogueStep (isa.hpp), which says what its Words have. Nothing here shifts or
// selects: xsimd 8.1 has forms of both for AVX-512 that compile only if optimized.

// F of requantize.hpp for a in 0..kTailEnd.
template <typename Epilogue, const std::array<std::int32_t, 4>& kTail>
PICOVAE_INLINE typename Epilogue::Words tail_s8(typename Epilogue::Words a) {
  using Words = typename Epilogue::Words;
  constexpr std::int16_t kConstant{kTail[0]}, kLinear{kTail[1]}, kSquare{kTail[2]},
      kCubic{kTail[3]};
  const Words y = a * Words(std::int16_t{32});
  const Words w = Words(std::int16_t{32767}) - y;
  const Words w2 = Epilogue::multiply_q15(w, w);
  const Words w4 = Epilogue::multiply_q15(w2, w2);
  Words h(kCubic);
  h = Epilogue::multiply_q15(h, y) + Words(kSquare);
  h = Epilogue::multiply_q15(h, y) + Words(kLinear);
  h = Epilogue::multiply_q15(h, y) + Words(kConstant);
  return Epilogue::multiply_q15(w4, h);
}

// min(|t|, kTailEnd). Clamping comes first because -32768 has no magnitude in s16.
template <typename Epilogue>
PICOVAE_INLINE typename Epilogue::Words tail_argument_s8(typename Epilogue::Words t) {
  using Words = typename Epilogue::Words;
  const Words end(std::int16_t{kTailEnd});
  return abs(max(min(t, end), -end));
}

// Softplus or ReLU.
template <typename Epilogue, Activation kActivation>
PICOVAE_INLINE typename Epilogue::Words hidden_s8(typename Epilogue::Words t,
                                                  typename Epilogue::Words rescale,
                                                  typename Epilogue::Words greatest) {
  using Words = typename Epilogue::Words;
  const Words positive = min(max(t, Words(std::int16_t{0})), Words(std::int16_t{16383}));
  Words value = positive + positive;
  if constexpr (kActivation == Activation::kSoftplus) {
    const Words f = tail_s8<Epilogue, kSoftplusTail>(tail_argument_s8<Epilogue>(t));
    // (f + 8) >> 4 is f / 16 in Q.15. At most 32766 + 0: the tail is 0 there.
    value = value + Epilogue::multiply_q15(f, Words(std::int16_t{32768 / 16}));
  }
  return min(Epilogue::multiply_q15(value, rescale), greatest);
}

template <typename Epilogue>
PICOVAE_INLINE typename Epilogue::Words sigmoid_s8(typename Epilogue::Words t) {
  using Words = typename Epilogue::Words;
  const Words f = tail_s8<Epilogue, kSigmoidTail>(tail_argument_s8<Epilogue>(t));
  const Words s = Epilogue::multiply_q15(f, Words(std::int16_t{255 * 8}));
  // 255 - s, which is s ^ 255, if t is not negative.
  const Words negative = min(max(t, Words(std::int16_t{-1})), Words(std::int16_t{0}));
  return s ^ (Words(std::int16_t{255}) & ~negative);
}

// What the epilogue of a layer writes: s16, or u8 after an activation.
template <Activation kActivation>
using Output = std::conditional_t<kActivation == Activation::kIdentity, std::int16_t, std::uint8_t>;

// Requantizes and activates `count` runs of kOutputs sums, a multiple of Words::size. Each array
// advances by its step.
template <typename Epilogue, std::size_t kOutputs, Activation kActivation>
[[gnu::noinline]] void activate_run_s8(const Dense& layer, const std::int32_t* sums,
                                       std::size_t sums_step, std::size_t output,
                                       std::size_t output_step, Output<kActivation>* y,
                                       std::size_t y_step, std::size_t count) {
  using Words = typename Epilogue::Words;
  constexpr bool kHidden = is_hidden(kActivation);
  const auto* bias = static_cast<const std::int32_t*>(layer.bias) + output;
  const std::uint16_t* multiplier = layer.multiplier + output;
  // Only hidden layers have one; a null pointer takes no offset.
  const std::int16_t* rescale = layer.rescale + (kHidden ? output : 0);
  const int pre = layer.pre_shift, post = layer.post_shift;
  const Words greatest(std::int16_t{layer.greatest});
  for (; count != 0; --count, sums += sums_step, y += y_step) {
    unroll<kOutputs / Words::size>([&](auto part) __attribute__((always_inline)) {
      constexpr std::size_t kAt = decltype(part){} * Words::size;
      const Words t = Epilogue::requantize(sums + kAt, multiplier + kAt, bias + kAt, pre, post);
      if constexpr (kHidden) {
        const Words scale = Words::load_unaligned(rescale + kAt);
        Epilogue::store_bytes(hidden_s8<Epilogue, kActivation>(t, scale, greatest), y + kAt);
      } else if constexpr (kActivation == Activation::kSigmoid) {
        Epilogue::store_bytes(sigmoid_s8<Epilogue>(t), y + kAt);
      } else {
        t.store_unaligned(y + kAt);
      }
    });
    bias += output_step;
    multiplier += output_step;
    if constexpr (kHidden) rescale += output_step;
  }
}

// Sums that are computed before their epilogue runs: enough that its long chains of arithmetic
// overlap.
inline constexpr std::size_t kBlockS8 = 1024;
template <typename Simd>
inline constexpr std::size_t kBlockRowsS8 =
    kBlockS8 / kPanel / Simd::kTuning.s8.rows* Simd::kTuning.s8.rows;

// Sums [rows][columns] of the outputs from `first` on, into rows of y.
template <typename Simd, Activation kActivation>
void finish_s8(const Dense& layer, std::size_t first, const std::int32_t* sums, std::size_t columns,
               std::size_t rows, Output<kActivation>* y, std::size_t y_stride) {
  const auto run = activate_run_s8<typename Simd::Epilogue, kOutputPad, kActivation>;
  const std::size_t width = smaller(columns, layer.out - first);
  std::size_t whole = 0;  // outputs that are done
  y += first;
  const auto finish = [&](auto run_wide, std::size_t outputs) {
    if (rows == 1) {
      const std::size_t count = (width - whole) / outputs;
      run_wide(layer, sums + whole, outputs, first + whole, outputs, y + whole, outputs, count);
      whole += count * outputs;
    }
    for (; width - whole >= outputs; whole += outputs) {
      run_wide(layer, sums + whole, columns, first + whole, 0, y + whole, y_stride, rows);
    }
  };
  if constexpr (!std::is_same_v<typename Simd::WideEpilogue, typename Simd::Epilogue>) {
    finish(activate_run_s8<typename Simd::WideEpilogue, kPanel, kActivation>, kPanel);
  }
  finish(run, kOutputPad);
  if (whole == width) return;
  Output<kActivation> edge[kBlockRowsS8<Simd>][kOutputPad];
  run(layer, sums + whole, columns, first + whole, 0, edge[0], kOutputPad, rows);
  for (std::size_t row = 0; row < rows; ++row) {
    copy(edge[row], y + row * y_stride + whole, width - whole);
  }
}

}  // namespace
}  // namespace picovae
