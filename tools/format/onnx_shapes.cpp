#include "tools/format/onnx_shapes.hpp"

#include <algorithm>
#include <span>

namespace picovae::tools {
namespace {

// 0 if one is free, or if no layer takes so many.
std::size_t product(std::span<const std::size_t> sides) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  std::size_t product = 1;
  for (const std::size_t side : sides) {
    product *= side;
    if (product > kMost) return 0;
  }
  return product;
}

bool is_computed(std::int64_t side) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  return side >= -kMost && side <= kMost;
}

}  // namespace

OnnxSides sides_of(const OnnxShape& shape) {
  OnnxSides sides;
  for (const std::size_t side : shape) {
    sides.push_back(side == 0 ? kFreeSide : static_cast<std::int64_t>(side));
  }
  return sides;
}

std::optional<OnnxSides> combined(const OnnxSides& a, const OnnxSides& b, SideOperation operation) {
  if (a.empty() || b.empty() || (a.size() != b.size() && a.size() != 1 && b.size() != 1)) {
    return std::nullopt;
  }
  OnnxSides result;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::int64_t x = a[a.size() == 1 ? 0 : i];
    const std::int64_t y = b[b.size() == 1 ? 0 : i];
    if (operation == SideOperation::kDivide && y == 0) return std::nullopt;
    if (!is_computed(x) || !is_computed(y)) {
      result.push_back(kFreeSide);
    } else {
      result.push_back(operation == SideOperation::kAdd        ? x + y
                       : operation == SideOperation::kMultiply ? x * y
                                                               : x / y);
    }
  }
  return result;
}

OnnxShape flattened(const OnnxShape& shape) {
  return {shape[0], product(std::span(shape).subspan(1))};
}

std::optional<OnnxShape> reshaped(const OnnxShape& shape, const OnnxSides& to, bool zero_copies) {
  OnnxShape result;
  std::optional<std::size_t> inferred;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && zero_copies && i < shape.size()) {
      result.push_back(shape[i]);
    } else if (to[i] == -1 && !inferred) {
      inferred = i;
      result.push_back(0);
    } else if (to[i] == kFreeSide && i == 0) {
      result.push_back(0);
    } else if (to[i] > 0 && is_computed(to[i])) {
      result.push_back(static_cast<std::size_t>(to[i]));
    } else {
      return std::nullopt;
    }
  }
  if (result.empty()) return std::nullopt;
  if (inferred && *inferred != 0 && !shape.empty()) {
    // A free side is as many rows as the other says: exporters write the rows of their example.
    if (result[0] != shape[0] && result[0] != 0 && shape[0] != 0) return std::nullopt;
    OnnxShape others(result.begin() + 1, result.end());
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(*inferred) - 1);
    const std::size_t by = product(others);
    if (by != 0) result[*inferred] = flattened(shape)[1] / by;
  }
  return result;
}

}  // namespace picovae::tools
