#include "tools/measure/elbo.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "picovae/random.hpp"
#include "tools/base/fixed_math.hpp"

namespace picovae::tools {

namespace {

constexpr std::size_t kLanes = 8;  // sums and products side by side
using Lanes = std::array<double, kLanes>;

// Adds max(l, 0) - l x to the sum, and takes 1 + exp(-|l|) into the product.
void add_pixel(float logit, float pixel, double& sum, double& product) {
  const double l = logit;
  sum += (l > 0 ? l : 0) - l * static_cast<double>(pixel);
  product *= 1 + fixed::exp(-std::abs(l));
}

}  // namespace

// A logarithm of a product in place of a sum of logarithms: of 64 factors of at most 2 in each
// lane, which stays below 2^512.
double bernoulli_cross_entropy(std::span<const float> logits, std::span<const float> pixels) {
  constexpr std::size_t kTogether = 64 * kLanes;
  double total = 0;
  for (std::size_t first = 0; first < logits.size(); first += kTogether) {
    const std::size_t end = std::min(first + kTogether, logits.size());
    Lanes sums{}, products;
    products.fill(1);
    std::size_t i = first;
    for (; i + kLanes <= end; i += kLanes) {
      for (std::size_t j = 0; j < kLanes; ++j) {
        add_pixel(logits[i + j], pixels[i + j], sums[j], products[j]);
      }
    }
    double product = 1;
    for (std::size_t j = 0; j < kLanes; ++j) {
      total += sums[j];
      product *= products[j];
    }
    for (; i < end; ++i) add_pixel(logits[i], pixels[i], total, product);
    total += fixed::log(product);
  }
  return total;
}

double gaussian_kl(std::span<const float> mu, std::span<const float> logvar) {
  double sum = 0;
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double m = mu[i];
    const double v = logvar[i];
    sum += 1 + v - m * m - fixed::exp(v);
  }
  return -0.5 * sum;
}

double deck_kl(std::span<const float> mu, std::span<const float> sigma) {
  double sum = 0;
  for (std::size_t k = 0; k < mu.size(); ++k) {
    const double m = mu[k];
    const double s = sigma[k];
    sum += 1 + 2 * fixed::log(s) - m * m - s;
  }
  return -0.5 * sum;
}

Elbo evaluate(const Model& model, std::span<const std::uint8_t> images,
              const EvaluateOptions& options, const ImageProgress& progress) {
  const std::size_t width = model.header().dimensions.pixels;
  std::vector<Elbo> results(images.size() / width);
  const auto measure = [&](Model& own, const EncodedImages& part) {
    Elbo* result = results.data() + part.first;
    for (std::size_t i = 0; i < part.count; ++i) {
      result[i].kl = gaussian_kl(part.mu_of(i), part.logvar_of(i));
    }
    std::vector<std::int16_t> eps(part.mu.size());
    std::vector<float> z(part.mu.size()), logits(part.x.size());
    for (int sample = 0; sample < options.samples; ++sample) {
      for (std::size_t i = 0; i < part.count; ++i) {
        normals(options.seed, Purpose::kPosterior, static_cast<std::uint32_t>(sample),
                static_cast<std::uint32_t>(part.first + i), eps.data() + i * part.latent,
                part.latent);
      }
      own.sample(part.mu.data(), part.logvar.data(), eps, z.data());
      own.decode_logits(z, logits.data());
      for (std::size_t i = 0; i < part.count; ++i) {
        const std::span<const float> row{logits.data() + i * width, width};
        result[i].reconstruction += bernoulli_cross_entropy(row, part.x_of(i)) / options.samples;
      }
    }
  };
  encode_parts(model, images, options, measure, progress);

  Elbo mean;
  const auto count = static_cast<double>(results.size());
  for (const Elbo& e : results) {
    mean.reconstruction += e.reconstruction / count;
    mean.kl += e.kl / count;
  }
  mean.neg_elbo = mean.reconstruction + mean.kl;
  require_finite({mean.reconstruction, mean.kl, mean.neg_elbo}, "the ELBO");
  return mean;
}

double evaluate_deck_loss(const Model& model, std::span<const std::uint8_t> images,
                          unsigned threads) {
  const std::size_t width = model.header().dimensions.pixels;
  std::vector<double> losses(images.size() / width);
  const auto measure = [&](Model& own, const EncodedImages& part) {
    std::vector<float> logits(part.x.size()), sigma(part.latent);
    own.decode_logits(part.mu, logits.data());
    for (std::size_t i = 0; i < part.count; ++i) {
      const auto logvar = part.logvar_of(i);
      for (std::size_t k = 0; k < part.latent; ++k) {
        sigma[k] = static_cast<float>(own.sigma(logvar[k]));
      }
      losses[part.first + i] =
          bernoulli_cross_entropy({logits.data() + i * width, width}, part.x_of(i)) +
          deck_kl(part.mu_of(i), sigma);
    }
  };
  encode_parts(model, images, {.pixels = PixelMode::kBinary, .threads = threads}, measure);
  double mean = 0;
  for (const double loss : losses) mean += loss / static_cast<double>(losses.size());
  require_finite({mean}, "the deck's loss");
  return mean;
}

}  // namespace picovae::tools
