// Gradients of unusual size are cut back (Pascanu, Mikolov and Bengio 2013, Algorithm 1), where
// what is usual is a running mean.
#pragma once

#include <cstdint>

namespace picovae::tools {

// What the gradient of step t = 1, 2, ... is to be multiplied by, so that its norm is at most
// `factor` times the mean of those before, which takes it in.
double clip_scale(double factor, double norm, std::uint64_t t, double& mean_norm);

}  // namespace picovae::tools
