// The fastest kernels here for the core that this file is compiled for.
#include "board/core.hpp"
#include "picovae/kernels.hpp"
#include "picovae/picovae.h"

namespace picovae {

#if PICOVAE_CORE_HAS_MVE
const Kernels& board_kernels() { return kMveKernels; }
#elif PICOVAE_CORE_HAS_DSP
const Kernels& board_kernels() { return kCortexMDspKernels; }
#elif PICOVAE_CORE_HAS_THUMB && !PICOVAE_CORE_HAS_THUMB_2
const Kernels& board_kernels() { return kCortexM0Kernels; }
#elif PICOVAE_CORE_HAS_RV32
const Kernels& board_kernels() { return kRv32Kernels; }
#else
const Kernels& board_kernels() { return kSmallKernels; }
#endif

}  // namespace picovae

const picovae_kernels* picovae_kernels_board(void) { return &picovae::board_kernels(); }
