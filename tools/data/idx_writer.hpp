// Data sets written as IDX files.
#pragma once

#include <filesystem>

#include "tools/data/source.hpp"

namespace picovae::tools {

// Writes a data set under the names of MNIST's files, with labels if there are any.
//   folder  is created, whole or not at all; fails if it exists and is not empty
//   test    null: none
void write_idx_dataset(const std::filesystem::path& folder, const LabeledImages& train,
                       const LabeledImages* test);

// Fails if write_idx_dataset(folder, ...) could not start. Call it before long work.
void check_new_folder(const std::filesystem::path& folder);

}  // namespace picovae::tools
