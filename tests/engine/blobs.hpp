// Small models of every kind, packed: what tests of blobs damage.
#pragma once

#include <cstdint>
#include <vector>

#include "picovae/blob.hpp"
#include "tests/engine/live_models.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/random_thresholds.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"

namespace picovae::tests {

inline constexpr Dimensions kSmall{20, 7, 6, 3};
inline constexpr Dimensions kSmallOneHidden{20, 7, 0, 3};
inline constexpr Type kFloatTypes[] = {Type::kF32, Type::kF16, Type::kBf16};
inline constexpr Layout kLayouts[] = {Layout::kHost, Layout::kCortexM, Layout::kMve};
inline constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

inline tools::BlobBytes s8_blob(Dimensions dimensions = kSmall, Layout layout = Layout::kHost,
                                std::uint8_t parts = kBothParts) {
  return tools::pack_s8(random_quantized_network(dimensions, 1), layout, parts, {11, 12});
}

// One with every section that there is: dead pixels at both ends, classes and thresholds.
inline tools::BlobBytes full_blob(Dimensions dimensions = kSmall, Layout layout = Layout::kHost,
                                  std::uint8_t parts = kBothParts) {
  auto network = random_pruned_network(dimensions, 1);
  network.columns = dimensions.pixels;
  network.classes = random_class_section(dimensions.latent, 2, {1, 5}, 7);
  network.thresholds = random_threshold_section({10, 500, 999}, 8);
  return tools::pack_s8(network, layout, parts, {11, 12, 13, 14});
}

// One whose hidden layers have ReLU.
inline tools::BlobBytes relu_blob(Dimensions dimensions = kSmall, Layout layout = Layout::kHost,
                                  std::uint8_t parts = kBothParts) {
  auto network = random_quantized_network(dimensions, 1);
  network.activation = Activation::kRelu;
  return tools::pack_s8(network, layout, parts, {11, 12});
}

// The same kinds with a decoder of 4 bits.
inline tools::BlobBytes s4_blob(Dimensions dimensions = kSmall, Layout layout = Layout::kHost,
                                std::uint8_t parts = kBothParts) {
  return tools::pack_s8(random_s4_network(dimensions, 1), layout, parts, {11, 12});
}

// Hidden activations above 127, in s8 and with a decoder of 4 bits.
inline tools::BlobBytes high_blob(Dimensions dimensions = kSmall, Layout layout = Layout::kHost,
                                  std::uint8_t parts = kBothParts) {
  return tools::pack_s8(random_high_network(dimensions, 1), layout, parts, {11, 12});
}
inline tools::BlobBytes high_s4_blob(Dimensions dimensions = kSmall,
                                     Layout layout = Layout::kHost) {
  tools::QuantizedNetwork network = random_s4_network(dimensions, 1);
  make_high(network, kHighActivations[0]);
  return tools::pack_s8(network, layout, kBothParts, {11, 12});
}

inline tools::BlobBytes float_blob(Type type, Dimensions dimensions = kSmall) {
  return tools::pack_float(random_network(dimensions, 1), type);
}
inline tools::BlobBytes f32_blob() { return float_blob(Type::kF32); }

// Every type, every layout, and each part alone; s8 ones without and with all that may be missing.
inline std::vector<tools::BlobBytes> all_kinds() {
  std::vector<tools::BlobBytes> kinds;
  for (const Type type : kFloatTypes) kinds.push_back(float_blob(type));
  for (const Layout layout : kLayouts) kinds.push_back(s8_blob(kSmall, layout));
  for (const Layout layout : kLayouts) kinds.push_back(s4_blob(kSmall, layout));
  for (const Layout layout : kLayouts) kinds.push_back(relu_blob(kSmall, layout));
  for (const Layout layout : kLayouts) kinds.push_back(high_blob(kSmall, layout));
  for (const Layout layout : kLayouts) kinds.push_back(high_s4_blob(kSmall, layout));
  for (const Layout layout : kLayouts) {
    kinds.push_back(full_blob(kSmallOneHidden, layout));
    kinds.push_back(s4_blob(kSmallOneHidden, layout));
  }
  kinds.push_back(float_blob(Type::kF16, kSmallOneHidden));
  kinds.push_back(s8_blob(kSmall, Layout::kHost, kDecoderPart));
  kinds.push_back(s8_blob(kSmall, Layout::kHost, kEncoderPart));
  for (const Layout layout : kLayouts) kinds.push_back(full_blob(kSmall, layout));
  kinds.push_back(full_blob(kSmall, Layout::kHost, kDecoderPart));
  kinds.push_back(full_blob(kSmall, Layout::kHost, kEncoderPart));
  return kinds;
}

}  // namespace picovae::tests
