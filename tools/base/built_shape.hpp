// The shape that the tools are built for: -DPICOVAE_SHAPE=784,300,300,50 of CMake.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "picovae/shape.hpp"

#ifndef PICOVAE_SHAPE
#error "PICOVAE_SHAPE is set by CMake: pixels, hidden1, hidden2, latent"
#endif

namespace picovae::tools {

using BuiltShape = Shape<PICOVAE_SHAPE>;

// Fails if a model has other sizes; the message says how to build for them.
//   sizes  pixels, hidden1, hidden2, latent
//   name   the model's file
void check_built_shape(const std::array<std::size_t, 4>& sizes, std::string_view name);

}  // namespace picovae::tools
