// An s8 model in logical order: what quantization makes, what packing lays out for a target.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/shape.hpp"

namespace picovae::tools {

// The integer contract of FORMAT.md: t = sat16(((sum >> pre_shift) * multiplier + bias) >>
// post_shift).
struct QuantizedLayer {
  std::size_t in = 0, out = 0;
  std::vector<std::int8_t> weight;        // [out][in], -127..127
  std::vector<std::int32_t> bias;         // [out], rounding included
  std::vector<std::uint16_t> multiplier;  // [out], 1..1023
  std::vector<std::int16_t> rescale;      // [out], 1..32767, layers with softplus; else empty
  std::uint8_t pre_shift = 0, post_shift = 0;
};

struct QuantizedNetwork {
  Dimensions dimensions{};
  std::array<QuantizedLayer, kLayerCount> layers;  // indexed by picovae::Layer; heads: mu, logvar
  std::vector<std::byte>
      classes{};  // the section of classes.hpp, or nothing: equal in every layout
};

}  // namespace picovae::tools
