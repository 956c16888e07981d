#include "tools/data/dataset.hpp"

#include <string>
#include <system_error>

#include "tools/error.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

fs::path require(const fs::path& folder, const char* name) {
  const fs::path path = folder / name;
  if (const auto found = find_idx(path)) return *found;
  fail("{}: no such file (plain or .gz); run tools/fetch_mnist.sh {} to fetch MNIST", path.string(),
       folder.string());
}

}  // namespace

LabelledImages load_split(const fs::path& folder, Split split, std::size_t pixels) {
  const std::string shown = folder.string();
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    fail("{}: no such folder; run tools/fetch_mnist.sh {} to fetch MNIST", shown, shown);
  }
  if (!fs::is_directory(folder, ignored)) {
    fail("{}: is not a folder; give the one that holds the four MNIST files", shown);
  }
  const bool train = split == Split::kTrain;
  const auto images_path =
      require(folder, train ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte");
  const auto labels_path =
      require(folder, train ? "train-labels-idx1-ubyte" : "t10k-labels-idx1-ubyte");

  LabelledImages loaded{read_idx_images(images_path), read_idx_labels(labels_path)};
  const Images& images = loaded.images;
  if (images.rows * images.cols != pixels) {
    fail("{}: images have {} x {} = {} pixels, but the model wants {}; use a model for {} pixels",
         images_path.string(), images.rows, images.cols, images.rows * images.cols, pixels,
         images.rows * images.cols);
  }
  if (loaded.labels.size() != images.count) {
    fail("{}: holds {} labels for the {} images of {}; fetch both files again",
         labels_path.string(), loaded.labels.size(), images.count, images_path.string());
  }
  return loaded;
}

Dataset load_dataset(const fs::path& folder, std::size_t pixels) {
  return {load_split(folder, Split::kTrain, pixels), load_split(folder, Split::kTest, pixels)};
}

}  // namespace picovae::tools
