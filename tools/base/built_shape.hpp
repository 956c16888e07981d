// The shape that the tools are built for: -DPICOVAE_SHAPE=784,300,300,50 of CMake.
#pragma once

#include "picovae/shape.hpp"

#ifndef PICOVAE_SHAPE
#error "PICOVAE_SHAPE is set by CMake: pixels, hidden1, hidden2, latent"
#endif

namespace picovae::tools {

using BuiltShape = Shape<PICOVAE_SHAPE>;

}  // namespace picovae::tools
