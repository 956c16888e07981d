#include "tools/train/adam.hpp"

#include <cmath>

namespace picovae::tools {

AdamStep adam_step(const AdamRates& rates, std::uint64_t t) {
  const auto steps = static_cast<double>(t);
  return {.rate = static_cast<float>(rates.alpha / (1 - std::pow(rates.beta1, steps))),
          .root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(rates.beta2, steps))),
          .one_minus_beta1 = static_cast<float>(1 - rates.beta1),
          .one_minus_beta2 = static_cast<float>(1 - rates.beta2),
          .epsilon = static_cast<float>(rates.epsilon),
          .look_ahead = rates.nesterov ? static_cast<float>(1 - rates.beta1) : 0.0f};
}

}  // namespace picovae::tools
