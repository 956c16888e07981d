#include "tools/train/recipe.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "tools/format/network.hpp"

namespace picovae::tools {

Recipe deck_recipe() {
  Recipe recipe;
  recipe.samples_late = 1;
  recipe.antithetic = false;
  recipe.centered = false;
  recipe.rotated = false;
  recipe.learning_rate = 1e-3;
  recipe.schedule = Schedule::kConstant;
  recipe.warmup = 0;
  recipe.beta1 = 0.9;
  recipe.nesterov = false;
  recipe.bias_rate = 1;
  recipe.clip = 0;
  recipe.sticking = false;
  return recipe;
}

double long_rate(double rate, int epochs) {
  return epochs > 30 ? rate * std::sqrt(30.0 / epochs) : rate;
}

std::uint64_t first_late_step(const Recipe& recipe, std::uint64_t steps) {
  const double late = recipe.late_share * static_cast<double>(steps);
  return steps - static_cast<std::uint64_t>(std::llround(late)) + 1;
}

std::uint64_t last_augmented_step(const Recipe& recipe, std::uint64_t steps) {
  if (recipe.augment == 0) return 0;
  return static_cast<std::uint64_t>(
      std::llround(recipe.augment_until * static_cast<double>(steps)));
}

double work_share(const Recipe& recipe, double done) {
  const double early = 1 + recipe.samples;
  const double late = 1 + recipe.samples_late;
  const auto work = [&](double steps) {
    const double late_steps = std::max(0.0, steps - (1 - recipe.late_share));
    return early * (steps - late_steps) + late * late_steps;
  };
  return work(done) / work(1);
}

const char* option_to_lower(const Recipe& recipe) {
  const Recipe usual;
  const double rate = recipe.learning_rate / usual.learning_rate;
  const double beta = static_cast<double>(recipe.beta / usual.beta);
  const double bias_rate = recipe.bias_rate / usual.bias_rate;
  if (beta > 1 && beta >= rate && beta >= bias_rate) return "--beta";
  return bias_rate > 1 && bias_rate > rate ? "--bias-rate" : "--lr";
}

std::array<Named<Recipe>, 2> presets() {
  return {{{"default", Recipe{}}, {"deck", deck_recipe()}}};
}

Settings settings_of(const Recipe& recipe) {
  Settings settings;
  const auto add = [&](const char* name, const auto& value) {
    settings[name] = fmt::format("{}", value);
  };
  // As the model's file has it: nothing of softplus.
  if (is_relu(recipe.activation)) {
    settings[std::string(kActivationKey)] = name_of(kActivations, recipe.activation);
  }
  add("epochs", recipe.epochs);
  add("batch", recipe.batch);
  add("learning_rate", recipe.learning_rate);
  add("schedule", name_of(kSchedules, recipe.schedule));
  add("warmup", recipe.warmup);
  add("beta1", recipe.beta1);
  add("nesterov", recipe.nesterov);
  add("bias_rate", recipe.bias_rate);
  add("clip", recipe.clip);
  add("sticking", recipe.sticking);
  add("centred", recipe.centered);  // files keep the key they have always had
  add("rotated", recipe.rotated);
  add("samples", recipe.samples);
  add("samples_late", recipe.samples_late);
  add("late_share", recipe.late_share);
  add("antithetic", recipe.antithetic);
  add("augment", recipe.augment);
  add("augment_until", recipe.augment_until);
  add("beta", recipe.beta);
  add("kl_warmup", recipe.kl_warmup);
  add("objective", name_of(kBounds, recipe.bound));
  add("pixels", name_of(kPixelModes, recipe.pixels));
  add("seed", recipe.seed);
  return settings;
}

}  // namespace picovae::tools
