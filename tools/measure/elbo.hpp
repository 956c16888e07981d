// The negative evidence lower bound and its two parts, in nats per image, summed over pixels and
// latents (Kingma and Welling 2013, equations 7 and 10).
#pragma once

#include <cstdint>
#include <span>

#include "tools/base/fixed_math.hpp"
#include "tools/measure/evaluation.hpp"

namespace picovae::tools {

struct Elbo {
  double neg_elbo = 0;        // reconstruction + kl
  double reconstruction = 0;  // Bernoulli cross-entropy of x given the logits
  double kl = 0;              // KL(q(z|x) || N(0, I)) in closed form
};

// Cross-entropy of one image: sum of max(l, 0) - l x + log(1 + exp(-|l|)).
double bernoulli_cross_entropy(std::span<const float> logits, std::span<const float> pixels);

// exp(logvar / 2), rounded to float: sigma of a posterior in f32.
inline float sigma_of(float logvar) {
  return static_cast<float>(fixed::exp(0.5 * static_cast<double>(logvar)));
}

// -0.5 sum(1 + logvar - mu^2 - exp(logvar)) of one posterior.
double gaussian_kl(std::span<const float> mu, std::span<const float> logvar);

// What the deck has in place of a KL, of N(mu, sigma^2): -0.5 sum(1 + log sigma^2 - mu^2 - sigma).
// A KL has sigma^2 in the last term.
double deck_kl(std::span<const float> mu, std::span<const float> sigma);

// Mean over images [count][pixels] u8. eps of image i and sample s is
// normals(seed, Purpose::kPosterior, s, i), so that two models are compared at the same noise, and
// the result does not depend on the number of threads. Throws NotFinite.
Elbo evaluate(const Model& model, std::span<const std::uint8_t> images,
              const EvaluateOptions& options, const ImageProgress& progress = {});

// The figure that the deck prints as val_loss, which is no ELBO: mean over images [count][pixels]
// u8 of the reconstruction at z = mu plus deck_kl, pixels binarized at one half. Does not depend on
// the number of threads. Throws NotFinite.
double evaluate_deck_loss(const Model& model, std::span<const std::uint8_t> images,
                          unsigned threads);

}  // namespace picovae::tools
