// What training minimizes, and the parts of it that are no matrix product.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "tools/base/names.hpp"

namespace picovae::tools {

enum class Bound {
  kElbo,                // reconstruction + beta KL, the KL in closed form
  kImportanceWeighted,  // -log of the mean of the samples' weights p(x, z) / q(z|x) (Burda et al.
                        // 2015, equation 8): tighter as samples grow
  kDeck,                // as the deck prints it, with a KL that is none: no bound of anything
};

inline constexpr std::array<Named<Bound>, 3> kBounds{{
    {"elbo", Bound::kElbo},
    {"iwae", Bound::kImportanceWeighted},
    {"deck", Bound::kDeck},
}};

struct Objective {
  std::size_t samples = 1;  // z drawn for each image, at most (Backpropagation::set_samples)
  float beta = 1;           // weight of the KL; of kElbo alone
  bool sticking = false;    // another estimate of the KL's gradient (VectorOps); of kElbo alone
  Bound bound = Bound::kElbo;
};

// log p(z) - log q(z|x) of z = mu + sigma eps, all [latent].
double log_density_ratio(std::span<const float> z, std::span<const float> eps,
                         std::span<const float> sigma);

// Replaces the logarithms of weights by the weights, normalized to a sum of one (Burda et al. 2015,
// equation 14). Returns the logarithm of their mean before.
double normalize_weights(std::span<double> log_weights);

}  // namespace picovae::tools
