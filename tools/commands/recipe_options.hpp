// The recipe of picovae train as options: a preset, and what overrides parts of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/commands/command.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

struct RecipeOptions {
  std::string preset;
  Recipe given;  // what the options say; they count where they were used
  std::vector<std::function<void(Recipe&)>> overrides;
  std::function<bool()> rate_given;

  // The preset, and over it what was said explicitly.
  Recipe recipe() const;
};

// --preset and an option for each part of a recipe but its objective (objective.hpp).
void add_recipe_options(const Command& command, RecipeOptions& options);

}  // namespace picovae::tools
