#include "tools/measure/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "picovae/random.hpp"
#include "tools/base/threads.hpp"

namespace picovae::tools {

void require_finite(std::initializer_list<double> values, std::string_view figure) {
  if (std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) return;
  throw NotFinite(
      fmt::format("{} of the model is not finite: its weights are numbers, but so large that sums "
                  "overflow; train it again with a lower --lr",
                  figure));
}

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

void encode_parts(const Model& model, std::span<const std::uint8_t> images,
                  const EvaluateOptions& options,
                  const std::function<void(Model&, const EncodedImages&)>& use,
                  const ImageProgress& progress) {
  constexpr std::size_t kPart = 100;  // images that a thread takes at a time
  const std::size_t pixels = model.header().dimensions.pixels;
  const std::size_t latent = model.header().dimensions.latent;
  ImageCounter done(progress);
  parallel_parts(
      options.threads, images.size() / pixels, kPart, [&] { return model.clone(); },
      [&](std::unique_ptr<Model>& own, std::size_t first, std::size_t count) {
        EncodedImages part{first,
                           count,
                           pixels,
                           latent,
                           std::vector<float>(count * pixels),
                           std::vector<float>(count * latent),
                           std::vector<float>(count * latent)};
        for (std::size_t i = 0; i < count; ++i) {
          evaluation_pixels(images.subspan((first + i) * pixels, pixels), options, first + i,
                            part.x.data() + i * pixels);
        }
        own->encode(part.x, part.mu.data(), part.logvar.data());
        use(*own, part);
        done.add(count);
      });
}

}  // namespace picovae::tools
