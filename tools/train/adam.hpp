// Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014, Algorithm 1).
#pragma once

#include <cstdint>

#include "tools/base/vector_ops.hpp"

namespace picovae::tools {

struct AdamRates {
  double alpha = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  bool nesterov = false;  // NAdam: each step looks one ahead (Dozat 2016)
};

// What step t = 1, 2, ... does to every weight, corrected for moments that start at zero.
AdamStep adam_step(const AdamRates& rates, std::uint64_t t);

}  // namespace picovae::tools
