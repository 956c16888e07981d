#include "tools/base/built_shape.hpp"

#include <fmt/ranges.h>

#include <string>

#include "tools/base/error.hpp"

namespace picovae::tools {

void check_built_shape(const std::array<std::size_t, 4>& sizes, std::string_view name) {
  constexpr std::array kSizes = {BuiltShape::kPixels, BuiltShape::kHidden1, BuiltShape::kHidden2,
                                 BuiltShape::kLatent};
  if (sizes == kSizes) return;
  const std::string found = fmt::format("{}", fmt::join(sizes, ","));
  fail(
      "{}: the model's shape is {}, but this picovae is built for {}; build with cmake "
      "-DPICOVAE_SHAPE={}",
      name, found, fmt::format("{}", fmt::join(kSizes, ",")), found);
}

}  // namespace picovae::tools
