#include "tools/measure/latents.hpp"

namespace picovae::tools {

std::vector<LatentUse> measure_latents(const Codes& codes) {
  const auto& [count, latent, mu, logvar] = codes;
  std::vector<LatentUse> use(latent);
  const auto n = static_cast<double>(count);
  for (std::size_t k = 0; k < latent; ++k) {
    double mean = 0;
    for (std::size_t i = 0; i < count; ++i) {
      mean += static_cast<double>(mu[i * latent + k]) / n;
      use[k].kl += gaussian_kl({&mu[i * latent + k], 1}, {&logvar[i * latent + k], 1}) / n;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double off = static_cast<double>(mu[i * latent + k]) - mean;
      use[k].activity += off * off / n;
    }
  }
  return use;
}

}  // namespace picovae::tools
