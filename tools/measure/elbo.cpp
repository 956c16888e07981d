#include "tools/measure/elbo.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "picovae/random.hpp"

namespace picovae::tools {

double bernoulli_cross_entropy(std::span<const float> logits, std::span<const float> pixels) {
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double l = logits[i];
    sum +=
        std::max(l, 0.0) - l * static_cast<double>(pixels[i]) + std::log1p(std::exp(-std::abs(l)));
  }
  return sum;
}

double gaussian_kl(std::span<const float> mu, std::span<const float> logvar) {
  double sum = 0;
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double m = mu[i];
    const double v = logvar[i];
    sum += 1 + v - m * m - std::exp(v);
  }
  return -0.5 * sum;
}

double deck_kl(std::span<const float> mu, std::span<const float> sigma) {
  double sum = 0;
  for (std::size_t k = 0; k < mu.size(); ++k) {
    const double m = mu[k];
    const double s = sigma[k];
    sum += 1 + 2 * std::log(s) - m * m - s;
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
