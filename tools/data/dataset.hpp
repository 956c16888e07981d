// A data set: a folder with the four IDX files of MNIST, under their canonical names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "tools/data/idx.hpp"

namespace picovae::tools {

enum class Split { kTrain, kTest };

struct LabelledImages {
  Images images;
  std::vector<std::uint8_t> labels;  // [images.count]
};

struct Dataset {
  LabelledImages train, test;
};

// Loads one half of the data set in `folder`. Fails where files are missing or damaged, where there
// are not as many labels as images, or where an image has not `pixels` pixels.
LabelledImages load_split(const std::filesystem::path& folder, Split split, std::size_t pixels);

// Loads both halves.
Dataset load_dataset(const std::filesystem::path& folder, std::size_t pixels);

}  // namespace picovae::tools
