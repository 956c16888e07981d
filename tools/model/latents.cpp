#include "tools/model/latents.hpp"

#include <algorithm>
#include <memory>

#include "tools/model/model.hpp"
#include "tools/model/parallel.hpp"

namespace picovae::tools {

std::vector<LatentUse> measure_latents(const Model& model, std::span<const std::uint8_t> images,
                                       const EvaluateOptions& options) {
  constexpr std::size_t kPart = 100;  // images at a time
  const std::size_t pixels = model.header().dimensions.pixels;
  const std::size_t latent = model.header().dimensions.latent;
  const std::size_t count = images.size() / pixels;
  std::vector<float> mu(count * latent), logvar(count * latent);
  parallel_for(
      options.threads, (count + kPart - 1) / kPart, [&] { return model.clone(); },
      [&](std::unique_ptr<Model>& own, std::size_t part) {
        const std::size_t first = part * kPart;
        const std::size_t last = std::min(first + kPart, count);
        std::vector<float> x((last - first) * pixels);
        for (std::size_t i = first; i < last; ++i) {
          evaluation_pixels(images.subspan(i * pixels, pixels), options, i,
                            x.data() + (i - first) * pixels);
        }
        own->encode(x, mu.data() + first * latent, logvar.data() + first * latent);
      });

  std::vector<LatentUse> use(latent);
  const auto n = static_cast<double>(count);
  for (std::size_t k = 0; k < latent; ++k) {
    double mean = 0;
    for (std::size_t i = 0; i < count; ++i) {
      mean += static_cast<double>(mu[i * latent + k]) / n;
      use[k].kl += gaussian_kl({&mu[i * latent + k], 1}, {&logvar[i * latent + k], 1}) / n;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double off = static_cast<double>(mu[i * latent + k]) - mean;
      use[k].activity += off * off / n;
    }
  }
  return use;
}

}  // namespace picovae::tools
