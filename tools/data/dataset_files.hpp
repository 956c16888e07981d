// Which files make up one half of a data set: the names that MNIST and its relatives go by.
#pragma once

#include <filesystem>
#include <string>

namespace picovae::tools {

enum class Split { kTrain, kTest };

struct DatasetFiles {
  std::filesystem::path images, labels;
  bool sideways = false;  // images lie column by column, as EMNIST's do
};

// Finds images and labels of a half, each plain or .gz. Their names are those of MNIST and
// Fashion-MNIST, train-images-idx3-ubyte and so on (t10k or test, a dot before idx3 as well), all
// of them after one prefix, if any: emnist-letters-train-images-idx3-ubyte.
//   path  the folder; where it holds several data sets, folder/prefix: emnist/emnist-letters
// Fails with what is missing, or with the data sets that there are to choose from.
DatasetFiles find_dataset(const std::filesystem::path& path, Split split);

}  // namespace picovae::tools
