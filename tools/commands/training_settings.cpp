#include "tools/commands/training_settings.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <span>

#include "picovae/version.h"
#include "tools/base/built_shape.hpp"
#include "tools/data/checksum.hpp"

namespace picovae::tools {

Settings settings_of(const Recipe& recipe) {
  Settings about;
  about["epochs"] = fmt::format("{}", recipe.epochs);
  about["batch"] = fmt::format("{}", recipe.batch);
  about["learning_rate"] = fmt::format("{}", recipe.learning_rate);
  about["schedule"] = schedule_name(recipe.schedule);
  about["warmup"] = fmt::format("{}", recipe.warmup);
  about["beta1"] = fmt::format("{}", recipe.beta1);
  about["nesterov"] = fmt::format("{}", recipe.nesterov);
  about["bias_rate"] = fmt::format("{}", recipe.bias_rate);
  about["clip"] = fmt::format("{}", recipe.clip);
  about["sticking"] = fmt::format("{}", recipe.sticking);
  about["centred"] = fmt::format("{}", recipe.centred);
  about["rotated"] = fmt::format("{}", recipe.rotated);
  about["samples"] = fmt::format("{}", recipe.samples);
  about["beta"] = fmt::format("{}", recipe.beta);
  about["kl_warmup"] = fmt::format("{}", recipe.kl_warmup);
  about["objective"] = bound_name(recipe.bound);
  about["pixels"] = pixel_mode_name(recipe.pixels);
  about["seed"] = fmt::format("{}", recipe.seed);
  return about;
}

Settings settings_of_run(const Recipe& recipe, const Kernels& kernels, const Dataset& data,
                         std::size_t validation) {
  Settings settings = settings_of(recipe);
  settings["version"] = PICOVAE_VERSION;
  settings["isa"] = kernels.name;
  const Dimensions d = BuiltShape::kDimensions;
  settings["shape"] = fmt::format("{},{},{},{}", d.pixels, d.hidden1, d.hidden2, d.latent);
  settings["validation"] = fmt::format("{}", validation);
  std::uint32_t sum = 0;
  for (const LabelledImages* half : {&data.train, &data.test}) {
    sum = checksum(std::as_bytes(std::span(half->images.pixels)), sum);
    sum = checksum(std::as_bytes(std::span(half->labels)), sum);
  }
  settings["data"] = fmt::format("{} and {} images with checksum {:08x}", data.train.images.count,
                                 data.test.images.count, sum);
  return settings;
}

}  // namespace picovae::tools
