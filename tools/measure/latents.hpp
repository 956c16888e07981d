// What each latent is used for (Burda, Grosse, Salakhutdinov 2015, section 5.2 and appendix C).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/measure/codes.hpp"

namespace picovae::tools {

struct LatentUse {
  double kl = 0;        // mean over images of its KL, nats; they add up to the ELBO's
  double activity = 0;  // variance over images of its mu

  static constexpr double kActive = 0.01;  // of a latent that the decoder listens to, at least
  bool is_active() const { return activity > kActive; }
};

// One LatentUse for each latent, in order.
std::vector<LatentUse> measure_latents(const Codes& codes);

}  // namespace picovae::tools
