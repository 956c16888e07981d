// Cases for s8 kernels on any layout, without a test framework, so that boards run them too: each
// compares a kernel with the reference arithmetic of requantize.hpp, weight by weight.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "requantize.hpp"
#include "tests/engine/fitted_weights.hpp"

namespace picovae::tests {

enum class Filling : std::uint8_t { kRandom, kLargest, kSmallest };

struct KernelCase {
  std::uint16_t in, out;
  std::uint8_t rows;
  bool wide;
  Activation activation;
  std::uint8_t pre_shift, post_shift;
  Filling filling;
  bool s4 = false;
  std::uint8_t greatest = kMaxActivation;  // of inputs, if they are u8, and of softplus

  bool high() const { return !wide && greatest > kMaxActivation; }
};

// Every combination of sizes around groups and panels, activations and inputs; then the largest
// sums.
class KernelCases {
 public:
  // Runs all of them. Returns how many failed; `report` is called with each that does.
  template <typename Report>
  int run(const Kernels& kernels, Report report) {
    constexpr std::uint16_t kInputs[] = {1, 2, 4, 5, 7, 8, 13, 32, 50, 64, 300};
    constexpr std::uint16_t kOutputs[] = {1, 2, 7, 8, 9, 12, 24, 33};
    state_ = 2463534242;
    int failures = 0;
    const auto check = [&](const KernelCase& c) {
      if (passes(kernels, c)) return;
      ++failures;
      report(c);
    };
    for (const std::uint16_t in : kInputs) {
      for (const std::uint16_t out : kOutputs) {
        for (const Activation activation : {Activation::kIdentity, Activation::kSoftplus,
                                            Activation::kSigmoid, Activation::kRelu}) {
          if (!is_built(activation)) continue;
          const auto rows = static_cast<std::uint8_t>(1 + in % 3);
          check({in, out, rows, false, activation, 0, 11, Filling::kRandom});
          check({in, out, rows, true, activation, 6, 11, Filling::kRandom});
          const std::uint8_t greatest = kHighActivations[(in + out) % std::size(kHighActivations)];
          check({in, out, rows, false, activation, 0, 11, Filling::kRandom, false, greatest});
          check({in, out, rows, true, activation, 6, 11, Filling::kRandom, false, greatest});
          if (!kHasS4) continue;
          check({in, out, rows, false, activation, 0, 11, Filling::kRandom, true});
          check({in, out, rows, true, activation, 6, 11, Filling::kRandom, true});
          check({in, out, rows, false, activation, 0, 11, Filling::kRandom, true, greatest});
        }
      }
    }
    for (const Filling filling : {Filling::kLargest, Filling::kSmallest}) {
      check({520, 12, 1, false, Activation::kIdentity, 0, 16, filling});  // 520 * 127 * 127 < 2^23
      check({50, 12, 1, true, Activation::kIdentity, 6, 16, filling});
      for (const std::uint8_t greatest : kHighActivations) {  // 500 / 4 * 2 * 32767 < 2^23
        for (const std::uint16_t in : {std::uint16_t{500}, std::uint16_t{497}}) {
          check({in, 12, 1, false, Activation::kIdentity, 0, 16, filling, false, greatest});
          if (kHasS4)
            check({in, 12, 1, false, Activation::kIdentity, 0, 16, filling, true, greatest});
        }
      }
      if (!kHasS4) continue;
      check({520, 12, 1, false, Activation::kIdentity, 0, 16, filling, true});
      check({50, 12, 1, true, Activation::kIdentity, 6, 16, filling, true});
    }
    for (const std::uint8_t greatest : {std::uint8_t{kMaxActivation}, kHighActivations[0]}) {
      const KernelCase c{4, kTailOutputs,     1,     false,   Activation::kSoftplus, 0,
                         0, Filling::kRandom, false, greatest};
      if (tails_pass(kernels, c)) continue;
      ++failures;
      report(c);
    }
    return failures;
  }

 private:
  // Whether this engine has it: a board's has one of hidden layers.
  static constexpr bool is_built(Activation activation) {
    return !is_hidden(activation) || (is_relu(activation) ? activation == Activation::kRelu
                                                          : activation == Activation::kSoftplus);
  }

  static constexpr std::size_t kMaxIn = 520;
  static constexpr std::size_t kMaxOut = 48;  // padded
  static constexpr std::size_t kMaxRows = 3;
  static constexpr std::size_t kStride = kMaxIn + 12;
  static constexpr std::uint16_t kTailOutputs = 32;
  static constexpr std::uint8_t kUntouched = 0xee;

  std::uint32_t random() {  // xorshift32, Marsaglia 2003
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  int between(int low, int high) {
    return low + static_cast<int>(random() % static_cast<std::uint32_t>(high - low + 1));
  }

  // Not inlined, nor is fit: boards have little stack, and need it for the kernels.
  [[gnu::noinline]] void fill(const KernelCase& c) {
    const auto choose = [&](int low, int high) {
      return c.filling == Filling::kRandom ? between(low, high) : high;
    };
    for (std::size_t i = 0; i < std::size_t{c.in} * c.out; ++i) {
      const int weight = choose(-127, 127);
      weights_[i] = static_cast<std::int8_t>(c.filling == Filling::kSmallest ? -weight : weight);
    }
    if (c.s4) fill_s4(c);
    if (c.high()) fit(c);
    for (std::size_t j = 0; j < kMaxOut; ++j) {
      bias_[j] = j < c.out ? between(-100'000, 100'000) : 0;
      multiplier_[j] = static_cast<std::uint16_t>(j < c.out ? choose(1, 100) : 0);
      rescale_[j] = static_cast<std::int16_t>(j < c.out ? between(1, 32767) : 0);
      bias_[kMaxOut + j] =
          j < c.out ? shifted_bias(bias_[j], sum_of_weights(c, j), multiplier_[j]) : 0;
    }
    for (std::size_t i = 0; i < kMaxRows * kStride; ++i) {
      // What follows a row's inputs may be any value.
      const bool inside = i % kStride < c.in;
      narrow_[i] = static_cast<std::uint8_t>(inside ? choose(0, c.greatest) : between(0, 255));
      wide_[i] = static_cast<std::int16_t>(inside ? choose(-kMaxLatent, kMaxLatent)
                                                  : between(-32768, 32767));
    }
  }

  // Weights of 4 bits; of -8 and of 7 if they are to be large.
  void fill_s4(const KernelCase& c) {
    const std::size_t groups = s4_groups(c.in);
    for (std::size_t i = 0; i < groups * c.out; ++i) {
      s4_scales_[i] = static_cast<std::uint8_t>(
          c.filling == Filling::kRandom ? between(1, kGreatestS4Scale) : kGreatestS4Scale);
    }
    for (std::size_t i = 0; i < std::size_t{c.in} * c.out; ++i) {
      const int q = c.filling == Filling::kRandom    ? between(kLeastS4, kGreatestS4)
                    : c.filling == Filling::kLargest ? kGreatestS4
                                                     : kLeastS4;
      const int scale = s4_scales_[i / c.in * groups + i % c.in / kS4Group];
      s4_[i] = static_cast<std::int8_t>(q);
      weights_[i] = static_cast<std::int8_t>(q * scale);
    }
  }

  // Makes the weights those of a layer whose inputs may be above 127.
  [[gnu::noinline]] void fit(const KernelCase& c) {
    const std::size_t groups = s4_groups(c.in);
    const auto scale_of = [&](std::size_t j, std::size_t input) {
      return c.s4 ? s4_scales_[j * groups + input / kS4Group] : 1;
    };
    fit_weights(weights_, c.in, c.out, c.greatest,
                [&](std::size_t j, std::size_t group) { return scale_of(j, group * kInputPad); });
    for (std::size_t i = 0; c.s4 && i < std::size_t{c.in} * c.out; ++i) {
      s4_[i] = static_cast<std::int8_t>(weights_[i] / scale_of(i / c.in, i % c.in));
    }
  }

  std::int32_t sum_of_weights(const KernelCase& c, std::size_t j) const {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < c.in; ++k) sum += weights_[j * c.in + k];
    return sum;
  }

  Dense layer(const KernelCase& c) const {
    return {.weights = packed_,
            .bias = bias_,
            .multiplier = multiplier_,
            .rescale = rescale_,
            .in = c.in,
            .out = c.out,
            .pre_shift = c.pre_shift,
            .post_shift = c.post_shift,
            .wide_input = c.wide,
            .s4 = c.s4,
            .high_input = c.high(),
            .activation = c.activation,
            .greatest = c.greatest,
            .shifted = kMaxOut};
  }

  // What the kernel has to write for a row's output: a u8, or an s16.
  int expected(const KernelCase& c, std::size_t row, std::size_t j) const {
    std::uint32_t sum = 0;
    for (std::size_t k = 0; k < c.in; ++k) {
      const int x = c.wide ? wide_[row * kStride + k] : narrow_[row * kStride + k];
      sum += static_cast<std::uint32_t>(weights_[j * c.in + k] * x);
    }
    const std::int32_t t = requantize(static_cast<std::int32_t>(sum), multiplier_[j], bias_[j],
                                      c.pre_shift, c.post_shift);
    switch (c.activation) {
      case Activation::kSoftplus:
        return softplus_u8(t, rescale_[j], c.greatest, softplus_tail);
      case Activation::kRelu:
        return relu_u8(t, rescale_[j], c.greatest);
      case Activation::kSigmoid:
        return sigmoid_u8(t, sigmoid_tail);
      case Activation::kIdentity:
        break;
    }
    return t;
  }

  bool passes(const Kernels& kernels, const KernelCase& c) {
    fill(c);
    if (c.s4) {
      pack_s4_weights(kernels.layout, c.in, c.out, s4_, s4_scales_,
                      reinterpret_cast<std::uint8_t*>(packed_));
    } else {
      pack_weights(kernels.layout, Type::kS8, c.high(), c.in, c.out, weights_, packed_);
    }
    return matches(kernels, c);
  }

  bool matches(const Kernels& kernels, const KernelCase& c) {
    for (std::uint8_t& byte : y_) byte = kUntouched;
    const void* x = c.wide ? static_cast<const void*>(wide_) : narrow_;
    const std::size_t stride = c.out + 3u;
    kernels.s8(layer(c), x, kStride, y_, stride, c.rows);
    const bool halfwords = c.activation == Activation::kIdentity;
    const auto* y16 = reinterpret_cast<const std::int16_t*>(y_);
    for (std::size_t row = 0; row < kMaxRows; ++row) {
      for (std::size_t j = 0; j < stride; ++j) {
        const std::size_t at = row * stride + j;
        const int got = halfwords ? y16[at] : y_[at];
        const int untouched =
            halfwords ? static_cast<std::int16_t>(kUntouched << 8 | kUntouched) : kUntouched;
        if (got != (row < c.rows && j < c.out ? expected(c, row, j) : untouched)) return false;
      }
    }
    return true;
  }

  // All activations at every t in which a tail is not yet 0, and at the ends of s16 and s32.
  bool tails_pass(const Kernels& kernels, KernelCase c) {
    fill(c);
    for (auto& weight : weights_) weight = 0;
    pack_weights(kernels.layout, Type::kS8, c.high(), c.in, c.out, weights_, packed_);
    for (std::int32_t first = -1120; first <= 1120; first += kTailOutputs) {
      for (std::int32_t j = 0; j < kTailOutputs; ++j) bias_[j] = first + j;
      if (first == 1120) {
        constexpr std::int32_t kEnds[] = {INT32_MIN, INT32_MAX, -32769, -32768, 32767,
                                          32768,     16383,     16384,  -16384};
        for (std::size_t j = 0; j < std::size(kEnds); ++j) bias_[j] = kEnds[j];
      }
      for (std::size_t j = 0; j < kMaxOut; ++j) bias_[kMaxOut + j] = bias_[j];  // weights are 0
      for (const Activation activation :
           {Activation::kSoftplus, Activation::kSigmoid, Activation::kRelu}) {
        if (!is_built(activation)) continue;
        c.activation = activation;
        if (!matches(kernels, c)) return false;
      }
    }
    return true;
  }

  std::uint32_t state_;
  alignas(64) std::int8_t packed_[kMaxIn * kMaxOut];
  alignas(64) std::int32_t bias_[2 * kMaxOut];  // and a host's for inputs less kInputShift
  alignas(64) std::uint16_t multiplier_[kMaxOut];
  alignas(64) std::int16_t rescale_[kMaxOut];
  alignas(64) std::uint8_t narrow_[kMaxRows * kStride];
  alignas(64) std::int16_t wide_[kMaxRows * kStride];
  alignas(64) std::uint8_t y_[kMaxRows * kMaxOut * sizeof(std::int16_t)];
  std::int8_t weights_[kMaxIn * kMaxOut];
  std::int8_t s4_[kHasS4 ? kMaxIn * kMaxOut : 1];
  std::uint8_t s4_scales_[kHasS4 ? s4_groups(kMaxIn) * kMaxOut : 1];
};

}  // namespace picovae::tests
