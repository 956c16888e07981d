// The matrix product of the trainer and the quantizer: the register tile of the f32 layers, without
// a layer around it. Hosts only, and not installed.
#pragma once

#include "picovae/kernels.hpp"

namespace picovae {

// c [m][n] = a [m][k] * b [k][n] in f32, overwriting c.
//   a  element (i, l) is a[i * a_row + l * a_column]: a transposed view costs nothing
//   b  element (l, j) is b[l * b_row + j]; b and b_row are multiples of 16 floats
//   c  element (i, j) is c[i * c_row + j]; c and c_row are multiples of 16 floats
// n is a multiple of 16. Each element's sum runs over l in order, so a result does not depend on
// how the work is split.
struct Product {
  const float* a;
  std::size_t a_row, a_column;
  const float* b;
  std::size_t b_row;
  float* c;
  std::size_t c_row;
  std::size_t m, n, k;
};
using ProductFn = void (*)(const Product& product);

// The product with the instructions of `isa`, one of built_kernels().
ProductFn product_for(Isa isa);

}  // namespace picovae
