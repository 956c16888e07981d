// vector_ops.hpp with the instructions of one ISA: CMake compiles this file once for each ISA whose
// f32 is its own and has a fused multiply-add (engine/cmake/isa.cmake). Everything is internal to
// this file, so that no other can end up with code for an ISA that the machine lacks.
#include <cstddef>

#include "host/activation_f32.hpp"
#include "host/isa.hpp"
#include "tools/base/vector_ops.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae::tools {
namespace {

// Sums run over as many lanes on every ISA, those of the widest one, and these are then added in
// one order: so they have the same bits everywhere.
constexpr std::size_t kLanes = 16;

template <typename Simd>
struct VectorOpsBody {
  using V = typename Simd::Floats;
  static constexpr std::size_t kWidth = V::size;
  static_assert(kLanes % kWidth == 0, "rows are padded to whole vectors");

  PICOVAE_INLINE static V load(const float* from) { return V::load_aligned(from); }
  PICOVAE_INLINE static void store(float* to, const V& v) { v.store_aligned(to); }
  PICOVAE_INLINE static V exp(const V& x) {
    V v[1] = {x};
    exp_f32<Simd>(v);
    return v[0];
  }

  struct Sum {
    V of[kLanes / kWidth];

    PICOVAE_INLINE Sum() {
      for (V& v : of) v = V(0.0f);
    }
    // Value i of kLanes joins lane i.
    template <typename ValuesAt>
    PICOVAE_INLINE void add(ValuesAt values_at) {
      unroll<kLanes / kWidth>([&](auto v) __attribute__((always_inline)) {
        of[v] += values_at(v * kWidth);
      });
    }
    PICOVAE_INLINE float total() const {
      alignas(V) float lanes[kLanes];
      for (std::size_t v = 0; v < kLanes / kWidth; ++v) store(lanes + v * kWidth, of[v]);
      for (std::size_t half = kLanes / 2; half != 0; half /= 2) {
        for (std::size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
      }
      return lanes[0];
    }
  };

  static void center_pixels(const float* x, const float* mean, float scale, float* y,
                            std::size_t n) {
    for (std::size_t i = 0; i < n; i += kWidth) {
      store(y + i, (load(x + i) - load(mean + i)) * V(scale));
    }
  }

  static void softplus(float* y, float center, std::size_t n) {
    for (std::size_t i = 0; i < n; i += kWidth) {
      V v[1] = {load(y + i)};
      softplus_f32<Simd>(v);
      store(y + i, v[0] - V(center));
    }
  }

  static void relu(float* y, float center, std::size_t n) {
    for (std::size_t i = 0; i < n; i += kWidth) {
      V v[1] = {load(y + i)};
      relu_f32<Simd>(v);
      store(y + i, v[0] - V(center));
    }
  }

  static void relu_backward(float* d, const float* h, float center, std::size_t n) {
    for (std::size_t i = 0; i < n; i += kWidth) {
      store(d + i, xsimd::select(load(h + i) > V(-center), load(d + i), V(0.0f)));
    }
  }

  static void softplus_backward(float* d, const float* h, float center, std::size_t n) {
    for (std::size_t i = 0; i < n; i += kWidth) {
      store(d + i, load(d + i) * (V(1.0f) - exp(V(-center) - load(h + i))));
    }
  }

  // One vector of cross_entropy. Returns the loss.
  PICOVAE_INLINE static V cross_entropy_vector(const V& logit, const V& x, const V& weight,
                                               V& gradient) {
    const V t[1] = {exp(-xsimd::abs(logit))};
    V log1p[1];
    polynomial<Simd>(kLog1p, t, log1p);
    const V one(1.0f);
    const V sigmoid = Simd::divide(xsimd::select(logit < V(0.0f), t[0], one), one + t[0]);
    gradient = weight * (sigmoid - x);
    return xsimd::max(logit, V(0.0f)) - logit * x + t[0] * log1p[0];
  }

  static float cross_entropy(float* logits, const float* x, float weight, std::size_t n) {
    Sum sum;
    const auto add = [&](float* from, const float* pixels) __attribute__((always_inline)) {
      sum.add([&](std::size_t at) __attribute__((always_inline)) {
        V gradient;
        const V loss =
            cross_entropy_vector(load(from + at), load(pixels + at), V(weight), gradient);
        store(from + at, gradient);
        return loss;
      });
    };
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) add(logits + i, x + i);
    if (i < n) {
      alignas(V) float last_logits[kLanes];
      alignas(V) float last_x[kLanes];
      for (std::size_t j = 0; j < kLanes; ++j) {
        last_logits[j] = i + j < n ? logits[i + j] : -100.0f;  // with x = 0 this costs exp(-100)
        last_x[j] = i + j < n ? x[i + j] : 0.0f;
      }
      add(last_logits, last_x);
      for (std::size_t j = 0; i + j < n; ++j) logits[i + j] = last_logits[j];
    }
    return sum.total();
  }

  PICOVAE_INLINE static V clamped_logvar(const V& logvar) {
    return xsimd::min(xsimd::max(logvar, V(kLowestLogvar)), V(kHighestLogvar));
  }

  static float posterior(const Posterior& p) {
    Sum sum;
    for (std::size_t i = 0; i < p.n; i += kLanes) {
      sum.add([&](std::size_t at) __attribute__((always_inline)) {
        const V mu = load(p.mu + i + at);
        const V logvar = clamped_logvar(load(p.logvar + i + at));
        const V sigma = exp(V(0.5f) * logvar);
        store(p.sigma + i + at, sigma);
        return mu * mu + sigma * sigma - V(1.0f) - logvar;
      });
    }
    return 0.5f * sum.total();
  }

  static void reparameterize(const Posterior& p, const float* eps, float* z) {
    for (std::size_t i = 0; i < p.n; i += kWidth) {
      store(z + i, load(p.mu + i) + load(p.sigma + i) * load(eps + i));
    }
  }

  static void posterior_backward(const Posterior& p, const PosteriorGradient& g) {
    const V half(0.5f);
    const V kl_weight(g.sticking ? 0.0f : g.kl_weight);
    const V sample_weight(g.kl_weight / static_cast<float>(g.samples));
    for (std::size_t i = 0; i < p.n; i += kWidth) {
      const V mu = load(p.mu + i);
      const V logvar = load(p.logvar + i);
      const V sigma = load(p.sigma + i);
      V by_mean(0.0f);   // sum over samples of dz
      V by_noise(0.0f);  // and of dz eps
      for (std::size_t s = 0; s < g.samples; ++s) {
        const V eps = load(g.eps + s * g.stride + i);
        V dz = load(g.dz + s * g.stride + i);
        if (g.sticking) dz += sample_weight * (mu + sigma * eps - Simd::divide(eps, sigma));
        by_mean += dz;
        by_noise += dz * eps;
      }
      const V dlogvar = half * (by_noise * sigma + kl_weight * (sigma * sigma - V(1.0f)));
      store(g.dmu + i, by_mean + kl_weight * mu);
      store(g.dlogvar + i, xsimd::select(logvar == clamped_logvar(logvar), dlogvar, V(0.0f)));
    }
  }

  // Moments this small only cost time: subnormal numbers are slow on many processors.
  PICOVAE_INLINE static V without_dust(const V& moment) {
    return xsimd::select(xsimd::abs(moment) < V(1e-30f), V(0.0f), moment);
  }

  static void adam(const AdamStep& step, const float* g, float* m, float* v, float* w,
                   std::size_t n) {
    const V rate(step.rate);
    const V root_correction(step.root_correction);
    const V one_minus_beta1(step.one_minus_beta1);
    const V one_minus_beta2(step.one_minus_beta2);
    const V epsilon(step.epsilon);
    const V look_ahead(step.look_ahead);
    const V scale(step.scale);
    for (std::size_t i = 0; i < n; i += kWidth) {
      const V gradient = load(g + i) * scale;
      V mean = load(m + i);
      V square = load(v + i);
      mean = without_dust(mean + one_minus_beta1 * (gradient - mean));
      square = without_dust(square + one_minus_beta2 * (gradient * gradient - square));
      store(m + i, mean);
      store(v + i, square);
      const V root = Simd::sqrt(square) * root_correction;
      const V direction = mean + look_ahead * (gradient - mean);
      store(w + i, load(w + i) - Simd::divide(rate * direction, root + epsilon));
    }
  }

  static float sum_of_squares(const float* values, std::size_t n) {
    Sum sum;
    for (std::size_t i = 0; i < n; i += kLanes) {
      sum.add([&](std::size_t at) __attribute__((always_inline)) {
        const V v = load(values + i + at);
        return v * v;
      });
    }
    return sum.total();
  }

  static constexpr VectorOps kTable = {
      center_pixels,      softplus,      relu,          softplus_backward,
      relu_backward,      cross_entropy, posterior,     reparameterize,
      posterior_backward, adam,          sum_of_squares};
};

}  // namespace

namespace PICOVAE_ISA {
extern const VectorOps kVectorOps;
constinit const VectorOps kVectorOps = VectorOpsBody<PICOVAE_ISA_TYPE>::kTable;
}  // namespace PICOVAE_ISA

}  // namespace picovae::tools
