// The recipe of picovae train as options: a preset, and options that override parts of it.
#pragma once

#include "tools/commands/shared/command_line.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

struct RecipeOptions {
  Recipe recipe;  // as the options set it
  bool deck_loss = false;
};

// Adds --preset and an option for each part of a recipe.
void add_recipe_options(Command command, RecipeOptions& options);

// The recipe that the command line asks for, once it is parsed. Throws Misuse, naming both, if two
// options contradict each other.
Recipe requested_recipe(const Command& command, const RecipeOptions& options);

}  // namespace picovae::tools
