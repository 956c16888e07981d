// The log-likelihood log p(x) by importance sampling (Burda, Grosse, Salakhutdinov 2015, equation
// 8):
//   log p(x) ~ log 1/K sum over k of w_k,   w_k = p(x|z_k) p(z_k) / q(z_k|x),   z_k ~ q(z|x).
// For any q, the expectation is a lower bound that rises with K; with the encoder's posterior and
// K = 1 it is the ELBO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "tools/measure/evaluation.hpp"

namespace picovae::tools {

// log of the mean of exp(v) over a stream of v, without overflow.
class LogMeanExp {
 public:
  void add(double v);
  double value() const;  // of at least one

 private:
  double largest_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;  // of exp(v - largest_)
  std::size_t count_ = 0;
};

struct Nll {
  double nll = 0;             // mean over images of -log p(x), nats
  double standard_error = 0;  // of that mean, from its spread over images; 0 of a single one
  double neg_elbo = 0;        // mean of -log w: that of q, from the same z, so never below nll
  std::size_t images = 0;

  double margin() const { return 1.96 * standard_error; }  // nll +- this: 95 %
};

// q of estimate_nll() as a multiple of the encoder's sigmas, as far as the prior's 1. Independent
// latents make the encoder's posterior narrower than the true one, whose tails have the largest
// weights then: 500 samples of a wider q come closer to log p(x) than 5,000 of the encoder's own.
inline constexpr double kWiderPosterior = 1.4;

// Over images [count][pixels] u8, with q `widen` (at least 1) times as wide as the encoder's. eps
// of each image and sample is that of evaluate(). w is computed from logits and from the z that the
// model's own arithmetic draws: with the fixed-point z of an s8 model it is the weight of a sum
// over its lattice of z. The result does not depend on the number of threads. Throws
// NotFinite.
Nll estimate_nll(const Model& model, std::span<const std::uint8_t> images,
                 const EvaluateOptions& options, double widen = 1,
                 const ImageProgress& progress = {});

}  // namespace picovae::tools
