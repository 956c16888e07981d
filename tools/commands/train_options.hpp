// What picovae train trains, as options: the sizes of the layers, and a recipe that is a preset
// with parts overridden.
#pragma once

#include <string>

#include "picovae/shape.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/data/dataset.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

struct ShapeOptions {
  std::string shape;  // empty: the pixels of the images, and the next two
  std::string hidden = "300,300";
  std::size_t latent = 50;
  std::string fit;  // the flash that the shape must fit; empty: any
};

// Adds --shape, --hidden, --latent and --fit.
void add_shape_options(Command command, ShapeOptions& options);

// The pixels that --shape asks for, to load the data set with; 0: any.
std::size_t pixels_of(const ShapeOptions& options);

// The shape that the command line asks for, for images of those pixels; what --fit chose is said.
// Fails if they have more pixels than the engine takes, or if no shape fits.
Dimensions trained_shape(const ShapeOptions& options, const LabeledImages& data);

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
