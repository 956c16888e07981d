#include "tools/measure/elbo.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "picovae/random.hpp"
#include "tools/base/threads.hpp"
#include "tools/measure/model.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kPart = 100;  // images that a thread takes at a time

// One thread's scratch and its share of the work.
class Evaluator {
 public:
  Evaluator(const Model& model, const EvaluateOptions& options)
      : model_(model.clone()),
        options_(options),
        pixels_(model_->header().dimensions.pixels),
        latent_(model_->header().dimensions.latent),
        x_(kPart * pixels_),
        logits_(kPart * pixels_),
        mu_(kPart * latent_),
        logvar_(kPart * latent_),
        z_(kPart * latent_),
        eps_(kPart * latent_) {}

  // images first .. first + count - 1 of `images`; one Elbo each
  void run(std::span<const std::uint8_t> images, std::size_t first, std::size_t count,
           Elbo* result) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto image = images.subspan((first + i) * pixels_, pixels_);
      evaluation_pixels(image, options_, first + i, x_.data() + i * pixels_);
    }
    const std::span x{x_.data(), count * pixels_};
    model_->encode(x, mu_.data(), logvar_.data());
    for (std::size_t i = 0; i < count; ++i) {
      result[i].kl = gaussian_kl(row(mu_, i, latent_), row(logvar_, i, latent_));
    }
    for (int sample = 0; sample < options_.samples; ++sample) {
      for (std::size_t i = 0; i < count; ++i) {
        normals(options_.seed, Purpose::kPosterior, static_cast<std::uint32_t>(sample),
                static_cast<std::uint32_t>(first + i), eps_.data() + i * latent_, latent_);
      }
      const std::span eps{eps_.data(), count * latent_};
      model_->sample(mu_.data(), logvar_.data(), eps, z_.data());
      model_->decode_logits(std::span{z_.data(), count * latent_}, logits_.data());
      for (std::size_t i = 0; i < count; ++i) {
        result[i].reconstruction +=
            bernoulli_cross_entropy(row(logits_, i, pixels_), row(x_, i, pixels_)) /
            options_.samples;
      }
    }
  }

 private:
  static std::span<const float> row(const std::vector<float>& matrix, std::size_t i,
                                    std::size_t width) {
    return {matrix.data() + i * width, width};
  }

  std::unique_ptr<Model> model_;
  EvaluateOptions options_;
  std::size_t pixels_, latent_;
  std::vector<float> x_, logits_, mu_, logvar_, z_;
  std::vector<std::int16_t> eps_;
};

}  // namespace

void evaluation_pixels(std::span<const std::uint8_t> image, const EvaluateOptions& options,
                       std::size_t index, float* x) {
  std::vector<std::uint32_t> uniform(image.size());
  if (options.pixels == PixelMode::kStochastic) {
    uniforms(options.seed, Purpose::kBinarize, 0, static_cast<std::uint32_t>(index), uniform.data(),
             uniform.size());
  }
  for (std::size_t i = 0; i < image.size(); ++i) {
    x[i] = pixel_value(image[i], options.pixels, uniform[i]);
  }
}

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
              const EvaluateOptions& options, const std::function<void(std::size_t)>& progress) {
  const std::size_t count = images.size() / model.header().dimensions.pixels;
  std::vector<Elbo> results(count);
  std::atomic<std::size_t> done = 0;
  const auto caller = std::this_thread::get_id();
  parallel_for(
      options.threads, (count + kPart - 1) / kPart, [&] { return Evaluator(model, options); },
      [&](Evaluator& evaluator, std::size_t i) {
        const std::size_t first = i * kPart;
        const std::size_t part = std::min(kPart, count - first);
        evaluator.run(images, first, part, results.data() + first);
        done += part;
        if (progress && std::this_thread::get_id() == caller) progress(done);
      });

  Elbo mean;
  for (const Elbo& e : results) {
    mean.reconstruction += e.reconstruction / static_cast<double>(count);
    mean.kl += e.kl / static_cast<double>(count);
  }
  mean.neg_elbo = mean.reconstruction + mean.kl;
  return mean;
}

double evaluate_deck_loss(const Model& model, std::span<const std::uint8_t> images,
                          unsigned threads) {
  constexpr std::size_t kPart = 100;  // images at a time
  const std::size_t pixels = model.header().dimensions.pixels;
  const std::size_t latent = model.header().dimensions.latent;
  const std::size_t count = images.size() / pixels;
  std::vector<double> losses(count);
  parallel_for(
      threads, (count + kPart - 1) / kPart, [&] { return model.clone(); },
      [&](std::unique_ptr<Model>& own, std::size_t part) {
        const std::size_t first = part * kPart;
        const std::size_t n = std::min(kPart, count - first);
        std::vector<float> x(n * pixels), logits(n * pixels);
        std::vector<float> mu(n * latent), logvar(n * latent), sigma(latent);
        for (std::size_t i = 0; i < x.size(); ++i) {
          x[i] = pixel_value(images[first * pixels + i], PixelMode::kBinary, 0);
        }
        own->encode(x, mu.data(), logvar.data());
        own->decode_logits(mu, logits.data());
        for (std::size_t i = 0; i < n; ++i) {
          for (std::size_t k = 0; k < latent; ++k) {
            sigma[k] = static_cast<float>(own->sigma(logvar[i * latent + k]));
          }
          losses[first + i] =
              bernoulli_cross_entropy({&logits[i * pixels], pixels}, {&x[i * pixels], pixels}) +
              deck_kl({&mu[i * latent], latent}, sigma);
        }
      });
  double mean = 0;
  for (const double loss : losses) mean += loss / static_cast<double>(count);
  return mean;
}

}  // namespace picovae::tools
