#include "tools/format/packed_layer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "picovae/blob.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/random.hpp"
#include "picovae/s4.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

constexpr std::uint64_t kGoldenSeed = 1;

// [round_up(in, kInputPad)]: as much as the reference kernel reads.
template <typename X>
using Input = AlignedVector<X>;

// Draws inputs from the upper half of 0..range: with a large input, the flip of any bit of a weight
// changes the output before the activation. Latents get a random sign.
template <typename X>
Input<X> draw_input(const S8Layer& layer, Layer index, std::int32_t range) {
  std::vector<std::uint32_t> bits(layer.in);
  uniforms(kGoldenSeed, Purpose::kGolden, 0, index, bits.data(), bits.size());
  Input<X> x(round_up(layer.in, kInputPad));
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const auto half = static_cast<std::uint32_t>(range / 2);
    const auto value = static_cast<std::int32_t>(half + bits[i] % (half + 1));
    const bool negative = layer.wide_input && bits[i] >> 31 != 0;
    x[i] = static_cast<X>(negative ? -value : value);
  }
  return x;
}

template <typename Y, typename X>
std::vector<Y> run(const S8Layer& layer, Activation activation, const Input<X>& x) {
  Dense dense = layer.dense();
  dense.activation = activation;
  std::vector<Y> y(layer.out);
  kScalarKernels.s8(dense, x.data(), x.size(), y.data(), y.size(), 1);
  return y;
}

template <typename X>
std::size_t saturated_outputs(const S8Layer& layer, const Input<X>& x) {
  using Limits = std::numeric_limits<std::int16_t>;
  const auto y = run<std::int16_t>(layer, Activation::kIdentity, x);
  return static_cast<std::size_t>(std::count_if(
      y.begin(), y.end(), [](std::int16_t v) { return v == Limits::min() || v == Limits::max(); }));
}

// The largest input at which the fewest outputs saturate: a saturated one hides changed weights.
template <typename X>
Input<X> choose_input(const S8Layer& layer, Layer index, std::int32_t largest) {
  Input<X> best;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (std::int32_t range = largest; range >= 7 && fewest != 0; range /= 2) {
    Input<X> x = draw_input<X>(layer, index, range);
    const std::size_t count = saturated_outputs(layer, x);
    if (count >= fewest) continue;
    fewest = count;
    best = std::move(x);
  }
  return best;
}

// Continues `crc` with the outputs for x.
template <typename Y, typename X>
std::uint32_t add_outputs(const S8Layer& layer, Activation activation, const Input<X>& x,
                          std::uint32_t crc) {
  const std::vector<Y> y = run<Y>(layer, activation, x);
  return crc32c(std::as_bytes(std::span(y)), crc);
}

template <typename X>
std::vector<std::byte> golden_section_of(const S8Layer& layer, Layer index, std::int32_t largest) {
  const Input<X> x = choose_input<X>(layer, index, largest);
  const Activation last = index == kDecoder2 ? Activation::kSigmoid : layer.activation;
  std::uint32_t crc = add_outputs<std::int16_t>(layer, Activation::kIdentity, x, 0);
  crc = last == Activation::kIdentity ? add_outputs<std::int16_t>(layer, last, x, crc)
                                      : add_outputs<std::uint8_t>(layer, last, x, crc);

  const std::size_t end = golden_crc_offset(layer.in, layer.wide_input);
  std::vector<std::byte> section(end + sizeof crc);
  std::memcpy(section.data(), x.data(), layer.in * sizeof(X));
  std::memcpy(section.data() + end, &crc, sizeof crc);
  return section;
}

}  // namespace

bool has_high_input(const QuantizedLayer& layer, Layer index) {
  return layer.greatest > kMaxActivation && has_hidden_input(index);
}

S8Layer pack_layer(const QuantizedLayer& layer, Layer index, Activation hidden, Layout layout) {
  S8Layer packed(layout, layer.in, layer.out, layer.weight, has_high_input(layer, index));
  std::copy(layer.bias.begin(), layer.bias.end(), packed.bias.begin());
  std::copy(layer.multiplier.begin(), layer.multiplier.end(), packed.multiplier.begin());
  std::copy(layer.rescale.begin(), layer.rescale.end(), packed.rescale.begin());
  packed.pre_shift = layer.pre_shift;
  packed.post_shift = layer.post_shift;
  packed.wide_input = has_wide_input(index);
  packed.activation = layer_activation(index, hidden);
  packed.greatest = layer.greatest;
  if (bias_rows(layout, packed.high_input) == 2) add_shifted_biases(packed, layer.weight);
  return packed;
}

AlignedVector<std::uint8_t> pack_s4(const QuantizedLayer& layer, Layout layout) {
  std::vector<std::int8_t> q;
  for (std::size_t i = 0; i < layer.weight.size(); ++i) {
    const std::size_t group = i % layer.in / kS4Group;
    const int scale = layer.scale[i / layer.in * s4_groups(layer.in) + group];
    const int value = scale == 0 ? 0 : layer.weight[i] / scale;
    if (value < kLeastS4 || value > kGreatestS4 || value * scale != layer.weight[i]) {
      fail("the model cannot be packed: weight {} is not {} times -8..7", layer.weight[i], scale);
    }
    q.push_back(static_cast<std::int8_t>(value));
  }
  AlignedVector<std::uint8_t> packed(s4_size(layout, layer.in, layer.out));
  pack_s4_weights(layout, layer.in, layer.out, q.data(), layer.scale.data(), packed.data());
  return packed;
}

std::vector<std::byte> golden_section(const QuantizedLayer& layer, Layer index, Activation hidden) {
  const S8Layer packed = pack_layer(layer, index, hidden, kScalarKernels.layout);
  return packed.wide_input
             ? golden_section_of<std::int16_t>(packed, index, kMaxLatent)
             : golden_section_of<std::uint8_t>(packed, index, greatest_input(packed.dense()));
}

}  // namespace picovae::tools
