// What a training was asked for, as words for the model file and for its checkpoint.
#pragma once

#include <cstddef>

#include "picovae/kernels.hpp"
#include "tools/data/dataset.hpp"
#include "tools/train/checkpoint.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

// Of a recipe, all that decides over the weights. Numbers read back as the same ones.
Settings settings_of(const Recipe& recipe);

// The same of a run: what has to stay the same when it is resumed.
Settings settings_of_run(const Recipe& recipe, const Kernels& kernels, const Dataset& data,
                         std::size_t validation);

}  // namespace picovae::tools
