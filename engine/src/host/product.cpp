// The trainer's product of one ISA: CMake compiles this file once for each ISA whose f32 is its own
// (engine/cmake/isa.cmake).
#include "host/product.hpp"

#include "host/float_weights.hpp"
#include "host/isa.hpp"
#include "host/tile_f32.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae {
namespace PICOVAE_ISA {

void product(const Product& p) {
  product_of<PICOVAE_ISA_TYPE, F32>(
      {p.a, p.a_row, p.a_column, p.b, p.b_row, p.c, p.c_row, p.m, p.n, p.k});
}

}  // namespace PICOVAE_ISA
}  // namespace picovae
