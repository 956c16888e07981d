#include "tools/train/recipe.hpp"

#include <cmath>

namespace picovae::tools {

Recipe deck_recipe() {
  Recipe recipe;
  recipe.centred = false;
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

std::array<Preset, 2> presets() { return {{{"default", Recipe{}}, {"deck", deck_recipe()}}}; }

}  // namespace picovae::tools
