// A data set of labeled images: MNIST, or another one in the same four IDX files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "tools/base/names.hpp"
#include "tools/data/idx.hpp"

namespace picovae::tools {

enum class Split { kTrain, kTest };

struct DatasetFiles {
  std::filesystem::path images, labels;  // labels: empty if there are none
  bool sideways = false;                 // images are stored column by column, as EMNIST's are
};

// Finds images and labels of one half of a data set, each plain or .gz. Their names are those of
// MNIST and Fashion-MNIST, train-images-idx3-ubyte and so on (also t10k or test, and a dot before
// idx3), all of them after one prefix, if any: emnist-letters-train-images-idx3-ubyte.
//   path  the folder; if it holds several data sets, folder/prefix: emnist/emnist-letters
// Fails if there are no images, saying what is missing, or which data sets there are to choose
// from.
DatasetFiles find_dataset(const std::filesystem::path& path, Split split);

// The files of both halves that find_dataset finds; it does not fail.
std::vector<std::filesystem::path> dataset_files(const std::filesystem::path& path);

struct LabeledImages {
  Images images;
  std::vector<std::uint8_t> labels;  // [images.count], any numbers; empty if there are none
};

struct Dataset {
  LabeledImages train, test;
};

// The images that are not trained on.
enum class HeldOut { kTest, kValidation };
inline constexpr std::array<Named<HeldOut>, 2> kHeldOut = {
    {{"test", HeldOut::kTest}, {"validation", HeldOut::kValidation}}};

// Those that load_dataset returns as `test`.
constexpr HeldOut held_out_of(std::size_t validation) {
  return validation == 0 ? HeldOut::kTest : HeldOut::kValidation;
}

// The first `count` of the images; fails if there are fewer. `path` is the data set's, for
// messages.
std::span<const std::uint8_t> first_images(const LabeledImages& images, std::size_t count,
                                           const std::filesystem::path& path);

// The labels of the images, one each; fails if they have none. `path` is the data set's, for
// messages.
std::span<const std::uint8_t> require_labels(const LabeledImages& images,
                                             const std::filesystem::path& path);

// Loads one half of the data set at `path` (find_dataset), its images upright. Fails if files are
// missing or damaged, if there are labels but not as many as images, or if images do not have
// `pixels` pixels; 0: any number.
LabeledImages load_split(const std::filesystem::path& path, Split split, std::size_t pixels);

// Loads both halves, of images of one size. If `validation` is not zero, the test set is not read:
// the last `validation` training images are taken from `train` and returned as `test`. Fails if
// none would be left.
Dataset load_dataset(const std::filesystem::path& path, std::size_t pixels,
                     std::size_t validation = 0);

}  // namespace picovae::tools
