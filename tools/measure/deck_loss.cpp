#include "tools/measure/deck_loss.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "tools/base/threads.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/model.hpp"
#include "tools/train/objective.hpp"

namespace picovae::tools {

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
