// What types, layouts and layers are called in messages, options and JSON.
#pragma once

#include <array>
#include <string_view>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"

namespace picovae::tools {

constexpr std::string_view type_name(Type type) { return type == Type::kS8 ? "s8" : "f32"; }

struct LayoutName {
  std::string_view name;
  Layout layout;
};
inline constexpr std::array<LayoutName, 3> kLayoutNames = {
    {{"host", Layout::kHost}, {"cortex-m", Layout::kCortexM}, {"mve", Layout::kMve}}};

constexpr std::string_view layout_name(Layout layout) {
  for (const auto& known : kLayoutNames) {
    if (known.layout == layout) return known.name;
  }
  return "unknown";
}

constexpr std::string_view parts_name(const BlobHeader& header) {
  if (header.parts == kDecoderPart) return "decoder";
  if (header.parts == kEncoderPart) return "encoder";
  return "encoder and decoder";
}

inline constexpr std::array<std::string_view, kLayerCount> kLayerNames = {
    "encoder.0", "encoder.1", "encoder.heads", "decoder.0", "decoder.1", "decoder.2"};

}  // namespace picovae::tools
