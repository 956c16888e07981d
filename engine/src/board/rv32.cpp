// s8 kernels of RISC-V cores of 32 bits with a multiplier (rv32.hpp has the sums). For another core
// this file is empty (core.hpp).
#include "board/core.hpp"

#if PICOVAE_CORE_HAS_RV32
#include "board/plain_s4.hpp"
#include "board/rv32.hpp"
#include "picovae/picovae.h"

namespace picovae {

PICOVAE_CONSTINIT const Kernels kRv32Kernels =
    integer_kernels(Isa::kRv32, "rv32", Layout::kCortexM,
                    board::dense_for<board::Rv32, board::PlainS4Panels<board::Rv32>>());

}  // namespace picovae

const picovae_kernels* picovae_kernels_rv32(void) { return &picovae::kRv32Kernels; }
#endif
