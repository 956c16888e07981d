// Transposes a strip of a matrix of f32, four by four.
#pragma once

#include <cstddef>
#include <cstring>

#include "host/simd.hpp"

namespace picovae {
namespace {

// Four floats, whatever the ISA: wider blocks are no faster, since stores bound a transposition.
using Four = float __attribute__((vector_size(16)));

PICOVAE_INLINE Four load_four(const float* from) {
  Four v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
PICOVAE_INLINE void store_four(float* to, Four v) { std::memcpy(to, &v, sizeof v); }

// The columns of a, b, c, d as rows of `to`, `stride` floats apart.
PICOVAE_INLINE void store_transposed(Four a, Four b, Four c, Four d, std::size_t stride,
                                     float* to) {
  const Four ac_low = __builtin_shufflevector(a, c, 0, 4, 1, 5);  // a0 c0 a1 c1
  const Four ac_high = __builtin_shufflevector(a, c, 2, 6, 3, 7);
  const Four bd_low = __builtin_shufflevector(b, d, 0, 4, 1, 5);
  const Four bd_high = __builtin_shufflevector(b, d, 2, 6, 3, 7);
  store_four(to, __builtin_shufflevector(ac_low, bd_low, 0, 4, 1, 5));  // a0 b0 c0 d0
  store_four(to + stride, __builtin_shufflevector(ac_low, bd_low, 2, 6, 3, 7));
  store_four(to + 2 * stride, __builtin_shufflevector(ac_high, bd_high, 0, 4, 1, 5));
  store_four(to + 3 * stride, __builtin_shufflevector(ac_high, bd_high, 2, 6, 3, 7));
}

// to [columns][width] = from [rows][columns], whose rows are `from_row` floats apart, transposed;
// zeros for the rows that are missing. rows <= width, which is a multiple of 4.
inline void transpose_strip(const float* from, std::size_t from_row, std::size_t rows,
                            std::size_t columns, std::size_t width, float* to) {
  std::size_t column = 0;
  for (; column + 4 <= columns; column += 4, to += 4 * width) {
    const float* source = from + column;
    for (std::size_t row = 0; row < width; row += 4, source += 4 * from_row) {
      const auto load_or_zero = [&](std::size_t r) __attribute__((always_inline)) {
        return row + r < rows ? load_four(source + r * from_row) : Four{};
      };
      store_transposed(load_or_zero(0), load_or_zero(1), load_or_zero(2), load_or_zero(3), width,
                       to + row);
    }
  }
  for (; column < columns; ++column, to += width) {
    for (std::size_t row = 0; row < width; ++row) {
      to[row] = row < rows ? from[row * from_row + column] : 0.0f;
    }
  }
}

}  // namespace
}  // namespace picovae
