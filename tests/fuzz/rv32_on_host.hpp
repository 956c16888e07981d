// The kernels of RISC-V of 32 bits, in plain C++: any machine runs them. Their own table is built
// for that core only.
#pragma once

#include "board/plain_s4.hpp"
#include "board/rv32.hpp"
#include "picovae/kernels.hpp"

namespace picovae::tests {

inline constexpr Kernels kRv32OnHost = {
    .isa = Isa::kRv32,
    .name = "rv32",
    .layout = Layout::kCortexM,
    .s8 = board::dense_for<board::Rv32, board::PlainS4Panels<board::Rv32>>()};

}  // namespace picovae::tests
