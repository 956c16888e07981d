#include "tools/measure/likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/fixed_math.hpp"
#include "tools/base/threads.hpp"
#include "tools/base/vector_ops.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kBatch = 100;  // samples of an image that are decoded at a time

struct ImageNll {
  double nll = 0, neg_elbo = 0;
};

// One thread's model and scratch.
class Sampler {
 public:
  Sampler(const Model& model, const EvaluateOptions& options, double widen)
      : model_(model.clone()),
        ops_(vector_ops(model_->kernels().isa)),
        options_(options),
        wider_logvar_(static_cast<float>(2 * fixed::log(widen))),
        pixels_(model_->header().dimensions.pixels),
        latent_(model_->header().dimensions.latent),
        x_(pixels_),
        row_(pixels_),
        mu_(kBatch * latent_),
        logvar_(kBatch * latent_),
        z_(kBatch * latent_),
        eps_(kBatch * latent_),
        logits_(kBatch * pixels_) {}

  ImageNll run(std::span<const std::uint8_t> image, std::size_t index) {
    evaluation_pixels(image, options_, index, x_.data());
    encode();
    LogMeanExp likelihood;
    double sum = 0;
    const auto samples = static_cast<std::size_t>(options_.samples);
    for_parts(samples, kBatch, [&](std::size_t first, std::size_t count) {
      draw(first, count, index);
      for (std::size_t s = 0; s < count; ++s) {
        const double v = log_weight(s);
        likelihood.add(v);
        sum += v;
      }
    });
    return {-likelihood.value(), -sum / static_cast<double>(samples)};
  }

 private:
  // q of the image, once for each row of a batch.
  void encode() {
    constexpr float kPriorLogvar = 0;
    model_->encode({x_.data(), pixels_}, mu_.data(), logvar_.data());
    log_sigmas_ = 0;
    for (float& logvar : std::span(logvar_).first(latent_)) {
      logvar = std::max(logvar, std::min(logvar + wider_logvar_, kPriorLogvar));
      log_sigmas_ += fixed::log(model_->sigma(logvar));
    }
    for (std::size_t s = 1; s < kBatch; ++s) {
      std::copy_n(mu_.data(), latent_, mu_.data() + s * latent_);
      std::copy_n(logvar_.data(), latent_, logvar_.data() + s * latent_);
    }
  }

  // eps, z and logits of samples first .. first + count - 1.
  void draw(std::size_t first, std::size_t count, std::size_t index) {
    for (std::size_t s = 0; s < count; ++s) {
      normals(options_.seed, Purpose::kPosterior, static_cast<std::uint32_t>(first + s),
              static_cast<std::uint32_t>(index), eps_.data() + s * latent_, latent_);
    }
    model_->sample(mu_.data(), logvar_.data(), {eps_.data(), count * latent_}, z_.data());
    model_->decode_logits({z_.data(), count * latent_}, logits_.data());
  }

  // log p(x|z) + log p(z) - log q(z|x). Of two normal densities, the factors of 2 pi cancel; q's is
  // that of z before an integer model rounds it, which makes the mean of w a sum over all rounded
  // z.
  double log_weight(std::size_t sample) {
    double squares = 0;
    for (std::size_t i = sample * latent_; i < (sample + 1) * latent_; ++i) {
      const double z = z_[i];
      const double eps = LatentMath<Float>::from_normal(eps_[i]);
      squares += eps * eps - z * z;
    }
    std::copy_n(logits_.data() + sample * pixels_, pixels_, row_.data());  // aligned
    return 0.5 * squares + log_sigmas_ -
           static_cast<double>(ops_.cross_entropy(row_.data(), x_.data(), 1, pixels_));
  }

  std::unique_ptr<Model> model_;
  const VectorOps& ops_;
  EvaluateOptions options_;
  float wider_logvar_;  // added to the encoder's
  std::size_t pixels_, latent_;
  AlignedFloats x_, row_;
  double log_sigmas_ = 0;  // sum over latents
  std::vector<float> mu_, logvar_, z_;
  std::vector<std::int16_t> eps_;
  std::vector<float> logits_;
};

Nll summarize(const std::vector<ImageNll>& results) {
  const auto count = static_cast<double>(results.size());
  Nll mean{.images = results.size()};
  for (const ImageNll& r : results) {
    mean.nll += r.nll / count;
    mean.neg_elbo += r.neg_elbo / count;
  }
  double squares = 0;
  for (const ImageNll& r : results) squares += (r.nll - mean.nll) * (r.nll - mean.nll);
  if (results.size() > 1) mean.standard_error = std::sqrt(squares / (count - 1) / count);
  require_finite({mean.nll, mean.standard_error, mean.neg_elbo}, "the log-likelihood");
  return mean;
}

}  // namespace

void LogMeanExp::add(double v) {
  ++count_;
  if (v == -std::numeric_limits<double>::infinity()) return;
  if (v <= largest_) {
    sum_ += fixed::exp(v - largest_);
  } else {
    sum_ = sum_ * fixed::exp(largest_ - v) + 1;
    largest_ = v;
  }
}

double LogMeanExp::value() const {
  return largest_ + fixed::log(sum_ / static_cast<double>(count_));
}

Nll estimate_nll(const Model& model, std::span<const std::uint8_t> images,
                 const EvaluateOptions& options, double widen, const ImageProgress& progress) {
  const std::size_t pixels = model.header().dimensions.pixels;
  std::vector<ImageNll> results(images.size() / pixels);
  ImageCounter done(progress);
  parallel_for(
      options.threads, results.size(), [&] { return Sampler(model, options, widen); },
      [&](Sampler& sampler, std::size_t i) {
        results[i] = sampler.run(images.subspan(i * pixels, pixels), i);
        done.add(1);
      });
  return summarize(results);
}

}  // namespace picovae::tools
