// Layers for tests of kernels: plain weights in, packed by the layout's formula, as a Dense.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

namespace picovae::tests {

// The tables of this build that this machine can run.
inline std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> runnable;
  for (const Kernels* kernels : built_kernels()) {
    if (machine_runs(kernels->isa)) runnable.push_back(kernels);
  }
  return runnable;
}

// Weight is float or std::int8_t, or std::uint16_t for f16 and bf16, which stand in the same order;
// Bias is float or std::int32_t. Nothing is larger than the contract
// says, so that an address sanitizer sees every read beyond it.
template <typename Weight, typename Bias>
struct PackedLayer {
  static constexpr Type kType = sizeof(Weight) == 1   ? Type::kS8
                                : sizeof(Weight) == 2 ? Type::kF16
                                                      : Type::kF32;

  std::size_t in, out;
  std::vector<Weight> weights;
  std::vector<Bias> bias;
  std::vector<std::uint16_t> multiplier;
  std::vector<std::int16_t> rescale;
  std::uint8_t pre_shift = 0, post_shift = 0;
  bool wide_input = false;
  Activation activation = Activation::kIdentity;

  // Zero but for the weights, weight_of(output, input).
  PackedLayer(std::size_t inputs, std::size_t outputs,
              const std::function<Weight(std::size_t, std::size_t)>& weight_of)
      : in(inputs),
        out(outputs),
        weights(packed_size(Layout::kHost, kType, inputs, outputs)),
        bias(round_up(outputs, kOutputPad)),
        multiplier(kType == Type::kS8 ? bias.size() : 0),
        rescale(multiplier.size()) {
    std::vector<Weight> logical;
    for (std::size_t j = 0; j < out; ++j) {
      for (std::size_t k = 0; k < in; ++k) logical.push_back(weight_of(j, k));
    }
    pack_weights(Layout::kHost, kType, in, out, logical.data(), weights.data());
  }

  Dense dense() const {
    const bool integer = kType == Type::kS8;
    return {.weights = weights.data(),
            .bias = bias.data(),
            .multiplier = integer ? multiplier.data() : nullptr,
            .rescale = integer && activation == Activation::kSoftplus ? rescale.data() : nullptr,
            .in = static_cast<std::uint16_t>(in),
            .out = static_cast<std::uint16_t>(out),
            .pre_shift = pre_shift,
            .post_shift = post_shift,
            .wide_input = wide_input,
            .activation = activation};
  }
};

using F32Layer = PackedLayer<float, float>;
using HalfLayer = PackedLayer<std::uint16_t, float>;
using S8Layer = PackedLayer<std::int8_t, std::int32_t>;

}  // namespace picovae::tests
