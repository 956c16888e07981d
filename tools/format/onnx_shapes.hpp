// Shapes in ONNX as far as a file says them, and what exporters compute of them. Rows, the first
// side, are mostly free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace picovae::tools {

// Of a tensor; 0 for a side that is free.
using OnnxShape = std::vector<std::size_t>;

// A shape, or some sides of one, as a tensor of integers.
using OnnxSides = std::vector<std::int64_t>;
inline constexpr std::int64_t kFreeSide = std::numeric_limits<std::int64_t>::min();
inline constexpr std::size_t kMostSides = 8;

// What the operator Shape gives.
OnnxSides sides_of(const OnnxShape& shape);

// Add, Mul or Div of two equally long lists, or of one and a single number: free if a side is. None
// if they do not fit together, or on division by zero.
enum class SideOperation { kAdd, kMultiply, kDivide };
std::optional<OnnxSides> combined(const OnnxSides& a, const OnnxSides& b, SideOperation operation);

// The first side, and the product of the others; `shape` has at least one.
OnnxShape flattened(const OnnxShape& shape);

// What the operator Reshape makes of a shape, which may be empty: not known.
//   zero_copies  a 0 stands for the side in this place
// None if `to` is no such list, or if it is to find a side for another number of rows.
std::optional<OnnxShape> reshaped(const OnnxShape& shape, const OnnxSides& to, bool zero_copies);

}  // namespace picovae::tools
