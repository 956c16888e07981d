// What picovae train minimizes: the options, and how it is reported beside the ELBO.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tools/commands/command.hpp"
#include "tools/measure/model.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

struct ObjectiveOptions {
  Bound bound = Bound::kElbo;
  double kl_warmup = 0;
  bool deck_loss = false;
};

// --objective, --kl-warmup, --deck-loss.
void add_objective_options(const Command& command, ObjectiveOptions& options);

// Puts them into the recipe. Misuse, naming both, if two options of the command
// contradict each other.
void apply_objective(const Command& command, const ObjectiveOptions& options,
                     const std::string& preset, Recipe& recipe);

// What is minimized, in words: the head of the report.
std::string describe_objective(const Recipe& recipe);

// Whether the loss is another figure than the ELBO (with whatever beta).
inline bool has_own_loss(const Recipe& recipe) { return recipe.bound != Bound::kElbo; }

// That figure on a test set, images [count][pixels] u8.
double test_loss(const Model& model, std::span<const std::uint8_t> images, const Recipe& recipe);

}  // namespace picovae::tools
