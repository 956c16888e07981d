// A data set of labelled images: MNIST, or another one in the same four IDX files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "tools/data/dataset_files.hpp"
#include "tools/data/idx.hpp"

namespace picovae::tools {

struct LabelledImages {
  Images images;
  std::vector<std::uint8_t> labels;  // [images.count], any numbers
};

struct Dataset {
  LabelledImages train, test;
};

// Loads one half of the data set in `folder` (find_dataset), its images upright. Fails where files
// are missing or damaged, where there are not as many labels as images, or where an image has not
// `pixels` pixels.
LabelledImages load_split(const std::filesystem::path& folder, Split split, std::size_t pixels);

// Loads both halves. Where `validation` is not zero, the test set is not read: the last so many
// training images stand in its place, and are missing from `train`. Fails where those are all.
Dataset load_dataset(const std::filesystem::path& folder, std::size_t pixels,
                     std::size_t validation = 0);

}  // namespace picovae::tools
