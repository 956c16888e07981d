// The kernels that the tools run: the best of this machine whose f32 has a fused multiply-add, so
// that models and figures have the same bits on all of them; or those that PICOVAE_ISA names.
#pragma once

#include "picovae/kernels.hpp"

namespace picovae::tools {

// Fails if PICOVAE_ISA names an ISA that this build or this machine lacks; the message lists those
// that run here.
const Kernels& chosen_kernels();

}  // namespace picovae::tools
