// A data set of images, with labels or without: MNIST, or another one in any of the forms below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tools/data/source.hpp"

namespace picovae::tools {

// Finds the data set at `path`, the first of these that is there: IDX files (idx_source.hpp),
// arrays of NumPy (array_source.hpp), a folder of PNG (png_folder.hpp). Fails with what was
// expected.
std::unique_ptr<Source> open_source(const std::filesystem::path& path);

// All files of both halves; it does not fail.
std::vector<std::filesystem::path> dataset_files(const std::filesystem::path& path);

struct Dataset {
  LabeledImages train, test;
};

// What the images are called that load_dataset returns as `test`: those that are not trained on.
constexpr std::string_view held_out_name(std::size_t validation) {
  return validation == 0 ? "test" : "validation";
}

// The first `count` of the images; fails if there are fewer. `path` is the data set's, for
// messages.
std::span<const std::uint8_t> first_images(const LabeledImages& images, std::size_t count,
                                           const std::filesystem::path& path);

// The labels of the images, one each; fails if they have none. `path` is the data set's, for
// messages.
std::span<const std::uint8_t> require_labels(const LabeledImages& images,
                                             const std::filesystem::path& path);

// Loads one half of the data set at `path`, or all of one without halves. Fails if files are
// missing or damaged, if there are labels but not as many as images, or if images do not have
// `pixels` pixels; 0: any number. Pictures of a folder are brought to so many.
LabeledImages load_split(const std::filesystem::path& path, Split split, std::size_t pixels);

// Moves the last `count` images out of `from`, with their labels.
//   count  at most from.images.count
LabeledImages take_last(LabeledImages& from, std::size_t count);

// Loads both halves, of images of one size. If `validation` is not zero, the test set is not read:
// the last `validation` training images are taken from `train` and returned as `test`. Fails if
// none would be left, and if there are neither test images nor `validation`.
Dataset load_dataset(const std::filesystem::path& path, std::size_t pixels,
                     std::size_t validation = 0);

// What load_dataset returns as `test`, alone.
LabeledImages load_held_out(const std::filesystem::path& path, std::size_t pixels,
                            std::size_t validation);

}  // namespace picovae::tools
