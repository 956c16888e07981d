// What types, layouts and layers are called in messages, options and JSON.
#pragma once

#include <array>
#include <string_view>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"

namespace picovae::tools {

constexpr std::string_view type_name(Type type) { return type == Type::kS8 ? "s8" : "f32"; }

constexpr std::string_view layout_name(Layout layout) {
  return layout == Layout::kCortexM ? "cortex-m" : "host";
}

inline constexpr std::array<std::string_view, kLayerCount> kLayerNames = {
    "encoder.0", "encoder.1", "encoder.heads", "decoder.0", "decoder.1", "decoder.2"};

}  // namespace picovae::tools
