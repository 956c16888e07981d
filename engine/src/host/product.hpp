// The matrix product of the trainer and the quantizer. Hosts only, and not installed.
#pragma once

#include "picovae/kernels.hpp"

namespace picovae {

// c [m][n] = a [m][k] * b [k][n] in f32, overwriting c.
//   a  element (i, l) is a[i * a_row + l * a_column]; a_row or a_column is 1: a transposed view
//      costs nothing
//   b  element (l, j) is b[l * b_row + j * b_column]. b_column is 1, and then b and b_row are
//      multiples of 16 floats and n is one of 16; or b_row is 1, a transposed view, of any n
//   c  element (i, j) is c[i * c_row + j]; c and c_row are multiples of 16 floats. Columns between
//      n and the next multiple of 16 become zero
// Each element's sum runs over l in order, one fused multiply-add a term: a result depends neither
// on the ISA nor on how the work is split. (32-bit Arm takes subnormal numbers for zero.)
struct Product {
  const float* a;
  std::size_t a_row, a_column;
  const float* b;
  std::size_t b_row, b_column = 1;
  float* c;
  std::size_t c_row;
  std::size_t m, n, k;
  // Whether to look for zeros in a and leave out terms that have one: worth it if a third of the
  // columns of a few rows are zero, as those of dark pixels are. Then b_column is 1, b_row less
  // than 2^24 and b finite; the result has the same bits, but that a sum of -0 is +0.
  bool skip_zeros = false;
};
using ProductFn = void (*)(const Product& product);

// The product with the instructions of `isa`, one of built_kernels(). Takes up to 128 KB of stack.
ProductFn product_for(Isa isa);

}  // namespace picovae
