#include "tools/measure/codes.hpp"

#include <algorithm>
#include <memory>

#include "tools/base/threads.hpp"
#include "tools/measure/model.hpp"

namespace picovae::tools {

Codes encode_images(const Model& model, std::span<const std::uint8_t> images,
                    const EvaluateOptions& options) {
  constexpr std::size_t kPart = 100;  // images at a time
  const std::size_t pixels = model.header().dimensions.pixels;
  const std::size_t latent = model.header().dimensions.latent;
  const std::size_t count = images.size() / pixels;
  Codes codes{count, latent, std::vector<float>(count * latent),
              std::vector<float>(count * latent)};
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
        own->encode(x, codes.mu.data() + first * latent, codes.logvar.data() + first * latent);
      });
  return codes;
}

}  // namespace picovae::tools
