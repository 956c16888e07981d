// Every table of elementwise operations against double precision.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "picovae/kernels.hpp"
#include "tests/tools/each_table.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/vector_ops.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using picovae::tests::for_each_table;

// n values from `lowest` to `highest`.
AlignedFloats ramp(std::size_t n, float lowest, float highest) {
  AlignedFloats values(n);
  for (std::size_t i = 0; i < n; ++i) {
    const float part = static_cast<float>(i) / static_cast<float>(n - 1);
    values.data()[i] = lowest + (highest - lowest) * part;
  }
  return values;
}

double softplus(double a) { return std::fmax(a, 0.0) + std::log1p(std::exp(-std::fabs(a))); }
double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

TEST_CASE("softplus and its derivative by the output") {
  for_each_table([](const VectorOps& ops) {
    constexpr std::size_t kCount = 1024;
    const AlignedFloats a = ramp(kCount, -30, 100);
    for (const float center : {0.0f, 0.7f}) {
      AlignedFloats h = a;
      ops.softplus(h.data(), center, kCount);
      AlignedFloats d = ramp(kCount, -2, 3);
      const AlignedFloats before = d;
      ops.softplus_backward(d.data(), h.data(), center, kCount);
      for (std::size_t i = 0; i < kCount; ++i) {
        const double expected = softplus(a.data()[i]) - center;
        CHECK(std::fabs(h.data()[i] - expected) < 1e-6 * std::fmax(std::fabs(expected), center));
        CHECK(std::fabs(d.data()[i] - before.data()[i] * sigmoid(a.data()[i])) < 1e-6);
      }
    }
  });
}

TEST_CASE("ReLU and its derivative by the output, exactly") {
  for_each_table([](const VectorOps& ops) {
    constexpr std::size_t kCount = 1024;
    AlignedFloats a = ramp(kCount, -30, 100);
    a.data()[5] = 0;
    a.data()[6] = -0.0f;
    CHECK((ops.hidden(Activation::kRelu) == ops.relu));
    CHECK((ops.hidden_backward(Activation::kRelu) == ops.relu_backward));
    CHECK((ops.hidden(Activation::kSoftplus) == ops.softplus));
    CHECK((ops.hidden_backward(Activation::kSoftplus) == ops.softplus_backward));
    for (const float center : {0.0f, 0.7f}) {
      AlignedFloats h = a;
      ops.relu(h.data(), center, kCount);
      AlignedFloats d = ramp(kCount, -2, 3);
      const AlignedFloats before = d;
      ops.relu_backward(d.data(), h.data(), center, kCount);
      for (std::size_t i = 0; i < kCount; ++i) {
        CHECK(h.data()[i] == std::fmax(a.data()[i], 0.0f) - center);
        CHECK(d.data()[i] == (a.data()[i] > 0 ? before.data()[i] : 0));
      }
    }
  });
}

TEST_CASE("centered pixels and the sum of squares") {
  for_each_table([](const VectorOps& ops) {
    const AlignedFloats x = ramp(48, 0, 1);
    const AlignedFloats mean = ramp(48, 0.5f, 0.1f);
    AlignedFloats y(48);
    ops.center_pixels(x.data(), mean.data(), 2, y.data(), 48);
    double squares = 0;
    for (std::size_t i = 0; i < 48; ++i) {
      CHECK(y.data()[i] == (x.data()[i] - mean.data()[i]) * 2);
      squares += static_cast<double>(y.data()[i]) * y.data()[i];
    }
    CHECK(ops.sum_of_squares(y.data(), 48) == doctest::Approx(squares).epsilon(1e-6));
  });
}

TEST_CASE("cross-entropy of logits, for any number of pixels") {
  for_each_table([](const VectorOps& ops) {
    for (const std::size_t n : {1u, 7u, 16u, 20u, 31u, 784u}) {
      AlignedFloats logits = ramp(800, -40, 35);
      const AlignedFloats before = logits;
      const AlignedFloats x = ramp(800, 1, 0);
      const float loss = ops.cross_entropy(logits.data(), x.data(), 0.25f, n);
      double expected = 0;
      for (std::size_t i = 0; i < 800; ++i) {
        const double l = before.data()[i];
        const double pixel = x.data()[i];
        if (i >= n) {
          CHECK(logits.data()[i] == before.data()[i]);
          continue;
        }
        expected += softplus(l) - l * pixel;
        CHECK(std::fabs(logits.data()[i] - 0.25 * (sigmoid(l) - pixel)) < 1e-7);
      }
      CHECK(loss == doctest::Approx(expected).epsilon(1e-6));
    }
  });
}

TEST_CASE("KL in closed form, z and the posterior's gradient") {
  for_each_table([](const VectorOps& ops) {
    constexpr std::size_t kCount = 32;
    const AlignedFloats mu = ramp(kCount, -3, 4);
    const AlignedFloats logvar = ramp(kCount, -20, 9);  // beyond the clamp at both ends
    AlignedFloats sigma(kCount), z(kCount), dmu(kCount), dlogvar(kCount);
    const AlignedFloats eps = ramp(2 * kCount, 2, -2);
    const AlignedFloats dz = ramp(2 * kCount, -1, 2);
    const Posterior q{mu.data(), logvar.data(), sigma.data(), kCount};
    const float kl = ops.posterior(q);
    ops.reparameterize(q, eps.data(), z.data());
    PosteriorGradient g{.dz = dz.data(),
                        .eps = eps.data(),
                        .stride = kCount,
                        .samples = 2,
                        .kl_weight = 0.3f,
                        .sticking = false,
                        .dmu = dmu.data(),
                        .dlogvar = dlogvar.data()};
    ops.posterior_backward(q, g);
    double expected = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const double m = mu.data()[i];
      const double clamped = std::fmin(std::fmax(logvar.data()[i], -14.0), 6.0);
      const double s = std::exp(0.5 * clamped);
      expected -= 0.5 * (1 + clamped - m * m - s * s);
      CHECK(z.data()[i] == doctest::Approx(m + s * eps.data()[i]).epsilon(1e-6));
      const double by_mean = dz.data()[i] + dz.data()[kCount + i];
      const double by_noise =
          dz.data()[i] * eps.data()[i] + dz.data()[kCount + i] * eps.data()[kCount + i];
      CHECK(dmu.data()[i] == doctest::Approx(by_mean + 0.3 * m).epsilon(1e-5));
      const double inside = 0.5 * (by_noise * s + 0.3 * (s * s - 1));
      CHECK(dlogvar.data()[i] ==
            doctest::Approx(clamped == logvar.data()[i] ? inside : 0).epsilon(1e-5));
    }
    CHECK(kl == doctest::Approx(expected).epsilon(1e-6));

    // Sticking the landing: d (log q(z) - log p(z)) / dz = z - eps / sigma joins each sample's dz.
    g.sticking = true;
    ops.posterior_backward(q, g);
    for (std::size_t i = 0; i < kCount; ++i) {
      const double m = mu.data()[i];
      const double clamped = std::fmin(std::fmax(logvar.data()[i], -14.0), 6.0);
      const double s = std::exp(0.5 * clamped);
      double by_mean = 0;
      double by_noise = 0;
      double size = 0;
      for (const std::size_t at : {i, kCount + i}) {
        const double e = eps.data()[at];
        const double by_z = dz.data()[at] + 0.15 * (m + s * e - e / s);
        by_mean += by_z;
        by_noise += by_z * e;
        size += std::fabs(by_z) + 0.15 * std::fabs(e / s);
      }
      CHECK(std::fabs(dmu.data()[i] - by_mean) < 1e-6 * size);
      const double inside = clamped == logvar.data()[i] ? 0.5 * by_noise * s : 0;
      CHECK(std::fabs(dlogvar.data()[i] - inside) < 2e-6 * size * s);
    }
  });
}

TEST_CASE("a standard normal posterior costs nothing, to the last bit") {
  for_each_table([](const VectorOps& ops) {
    AlignedFloats zero(16), sigma(16);
    CHECK(ops.posterior({zero.data(), zero.data(), sigma.data(), 16}) == 0);
    for (std::size_t i = 0; i < 16; ++i) CHECK(sigma.data()[i] == 1);
  });
}

}  // namespace
