// s4 layers (picovae/s4.hpp) on hosts: weights are expanded a few outputs at a time, and the s8
// kernel of whichever ISA runs them. So every ISA has the same bits.
#pragma once

#include <cstddef>

#include "picovae/kernels.hpp"

namespace picovae {

// Runs an s4 layer by `s8`, a DenseFn for s8 weights in Layout::kHost. Takes 64 KiB of stack.
void dense_s4(DenseFn s8, const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows);

}  // namespace picovae
