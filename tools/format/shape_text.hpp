// A model's shape as people write it: 784-300-300-50, or 784-400-20 of one hidden layer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "picovae/shape.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {

// The numbers of it.
inline std::vector<std::size_t> widths_of(const Dimensions& d) {
  if (d.hidden2 == 0) return {d.pixels, d.hidden1, d.latent};
  return {d.pixels, d.hidden1, d.hidden2, d.latent};
}

inline std::string shape_text(const Dimensions& d, std::string_view separator = "-") {
  return joined(widths_of(d), separator);
}

}  // namespace picovae::tools
