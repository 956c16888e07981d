#include "tools/format/golden.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "picovae/blob.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/random.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/integer_layer.hpp"

namespace picovae::tools {
namespace {

constexpr std::uint64_t kSeed = 1;

// Inputs in the upper half of 0..range: every weight meets a large one, so that the flip of any of
// its bits moves the output before the activation. Latents have a sign as well.
template <typename X>
AlignedRows<X> draw_inputs(std::size_t in, Layer index, std::int32_t range) {
  std::vector<std::uint32_t> bits(in);
  uniforms(kSeed, Purpose::kGolden, 0, index, bits.data(), in);
  AlignedRows<X> x(1, in);
  for (std::size_t i = 0; i < in; ++i) {
    const auto half = static_cast<std::uint32_t>(range / 2);
    const auto value = static_cast<std::int32_t>(half + bits[i] % (half + 1));
    const bool negative = has_wide_input(index) && bits[i] >> 31 != 0;
    x.row(0)[i] = static_cast<X>(negative ? -value : value);
  }
  return x;
}

std::size_t saturated(const AlignedRows<std::int16_t>& t) {
  return static_cast<std::size_t>(std::count_if(t.row(0), t.row(0) + t.width(), [](std::int16_t v) {
    return v == std::numeric_limits<std::int16_t>::min() ||
           v == std::numeric_limits<std::int16_t>::max();
  }));
}

template <typename T>
std::uint32_t extend(std::uint32_t crc, const AlignedRows<T>& y) {
  return crc32c(std::as_bytes(std::span(y.row(0), y.width())), crc);
}

// The largest inputs at which fewest outputs saturate: one that does hides what its weights do.
template <typename X>
AlignedRows<X> choose_inputs(const IntegerLayer& integer, std::size_t in, Layer index,
                             std::int32_t largest) {
  AlignedRows<X> best;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (std::int32_t range = largest; range >= 7 && fewest != 0; range /= 2) {
    AlignedRows<X> x = draw_inputs<X>(in, index, range);
    const std::size_t count = saturated(integer.outputs(x, 1));
    if (count >= fewest) continue;
    fewest = count;
    best = std::move(x);
  }
  return best;
}

template <typename X>
std::vector<std::byte> section_of(const QuantizedLayer& layer, Layer index, std::int32_t largest) {
  const IntegerLayer integer(layer, index, kScalarKernels);
  const AlignedRows<X> x = choose_inputs<X>(integer, layer.in, index, largest);
  const auto t = integer.outputs(x, 1);
  std::uint32_t crc = extend(0, t);
  if (index == kDecoder2) {
    crc = extend(crc, integer.sigmoid(x, 1));
  } else if (layer_activation(index) == Activation::kSoftplus) {
    crc = extend(crc, integer.softplus(x, 1));
  } else {
    crc = extend(crc, t);
  }
  const std::size_t end = golden_crc_offset(layer.in, has_wide_input(index));
  std::vector<std::byte> section(end + sizeof crc);
  std::memcpy(section.data(), x.row(0), layer.in * sizeof(X));
  std::memcpy(section.data() + end, &crc, sizeof crc);
  return section;
}

}  // namespace

std::vector<std::byte> golden_section(const QuantizedLayer& layer, Layer index) {
  return has_wide_input(index) ? section_of<std::int16_t>(layer, index, kMaxLatent)
                               : section_of<std::uint8_t>(layer, index, kMaxActivation);
}

}  // namespace picovae::tools
