// What types, layouts and layers are called in messages, options and JSON.
#pragma once

#include <array>
#include <string_view>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/base/names.hpp"

namespace picovae::tools {

inline constexpr std::array<Named<Type>, 4> kTypeNames = {
    {{"f32", Type::kF32}, {"s8", Type::kS8}, {"f16", Type::kF16}, {"bf16", Type::kBf16}}};

constexpr std::string_view type_name(Type type) { return name_of(kTypeNames, type); }

inline constexpr std::array<Named<Layout>, 3> kLayoutNames = {
    {{"host", Layout::kHost}, {"cortex-m", Layout::kCortexM}, {"mve", Layout::kMve}}};

constexpr std::string_view layout_name(Layout layout) { return name_of(kLayoutNames, layout); }

constexpr std::string_view parts_name(const BlobHeader& header) {
  if (header.parts == kDecoderPart) return "decoder";
  if (header.parts == kEncoderPart) return "encoder";
  return "encoder and decoder";
}

inline constexpr std::array<std::string_view, kLayerCount> kLayerNames = {
    "encoder.0", "encoder.1", "encoder.heads", "decoder.0", "decoder.1", "decoder.2"};

}  // namespace picovae::tools
