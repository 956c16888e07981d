// The elementwise work of training as a table of functions, one table an ISA. All give the same
// bits, but for that of 32-bit Arm, which has no division and takes subnormal numbers for zero.
//
// Rows start at multiples of 64 bytes; n counts floats. Unless a function says otherwise, n is a
// multiple of 16, and a row's padding is computed along with the rest.
#pragma once

#include <cstddef>

#include "picovae/kernels.hpp"

namespace picovae::tools {

// log sigma^2 is clamped to this in training, so that no step can overflow; beyond, its gradient is
// zero, as the clamped function's is.
inline constexpr float kLowestLogvar = -14;
inline constexpr float kHighestLogvar = 6;

// One image's posterior N(mu, sigma^2), [n] each.
struct Posterior {
  const float* mu;
  const float* logvar;  // as the encoder gives it, not yet clamped
  float* sigma;
  std::size_t n;
};

// The gradients that reach one image's posterior.
struct PosteriorGradient {
  const float* dz;   // [samples][stride], of the loss by each z
  const float* eps;  // [samples][stride], the noise behind each z
  std::size_t stride, samples;
  float kl_weight;  // weight of this image's KL in the loss
  bool sticking;    // sticking the landing: only the path through z counts
  float* dmu;       // [n] out
  float* dlogvar;   // [n] out
};

// What one step of Adam does to each weight (Kingma and Ba 2014, Algorithm 1), of NAdam if
// look_ahead is not zero (Dozat 2016):
//   g *= scale,  m += (1 - beta1) (g - m),  v += (1 - beta2) (g^2 - v),
//   w -= rate (m + look_ahead (g - m)) / (sqrt(v) root_correction + epsilon)
struct AdamStep {
  float rate;             // alpha / (1 - beta1^t)
  float root_correction;  // 1 / sqrt(1 - beta2^t)
  float one_minus_beta1, one_minus_beta2;
  float epsilon;
  float look_ahead;  // 0, or 1 - beta1
  float scale = 1;   // of the gradients
};

struct VectorOps {
  // y = (x - mean) scale.
  void (*center_pixels)(const float* x, const float* mean, float scale, float* y, std::size_t n);

  // y = softplus(y) - center; y = max(y, 0) - center.
  void (*softplus)(float* y, float center, std::size_t n);
  void (*relu)(float* y, float center, std::size_t n);

  // d *= f'(a) where h = f(a) - center is known: softplus'(a) = 1 - exp(-softplus(a)); of ReLU 1 if
  // max(a, 0) is above 0, else 0.
  void (*softplus_backward)(float* d, const float* h, float center, std::size_t n);
  void (*relu_backward)(float* d, const float* h, float center, std::size_t n);

  // Those of a hidden layer's activation.
  auto hidden(Activation activation) const { return is_relu(activation) ? relu : softplus; }
  auto hidden_backward(Activation activation) const {
    return is_relu(activation) ? relu_backward : softplus_backward;
  }

  // Returns the sum over n pixels x (any n) of softplus(l) - l x: the cross-entropy given the
  // logits l. Replaces each logit by its gradient, weight (sigmoid(l) - x).
  float (*cross_entropy)(float* logits, const float* x, float weight, std::size_t n);

  // Fills sigma, and returns the KL divergence from N(0, I). Padding holds mu = logvar = 0, so its
  // sigma is exactly 1, and its KL and gradients exactly 0 (Adam would make steps of the least
  // dust).
  float (*posterior)(const Posterior& p);

  // z = mu + sigma eps.
  void (*reparameterize)(const Posterior& p, const float* eps, float* z);

  // The chain rule through reparameterize, plus the KL's gradient. If g.sticking, the gradient of
  // log q(z) - log p(z) by z, mu and sigma fixed, replaces the KL's: the same on average, and less
  // noisy near the optimum (Roeder, Wu and Duvenaud 2017, "Sticking the Landing").
  void (*posterior_backward)(const Posterior& p, const PosteriorGradient& g);

  // One step on n weights w with gradients g and moments m and v.
  void (*adam)(const AdamStep& step, const float* g, float* m, float* v, float* w, std::size_t n);

  // The sum of the squares of n values.
  float (*sum_of_squares)(const float* values, std::size_t n);
};

// The table for `isa`; for one without (scalar, sse2) that of the least ISA of this build.
const VectorOps& vector_ops(Isa isa);

}  // namespace picovae::tools
