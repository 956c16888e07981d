#include "tools/data/dataset.hpp"

#include <algorithm>
#include <utility>

#include "tools/error.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

// Puts images that lie on their sides upright.
void transpose(Images& images) {
  const std::size_t size = images.rows * images.cols;
  std::vector<std::uint8_t> upright(size);
  for (std::size_t i = 0; i < images.count; ++i) {
    std::uint8_t* const image = images.pixels.data() + i * size;
    for (std::size_t k = 0; k < size; ++k) {
      upright[k % images.cols * images.rows + k / images.cols] = image[k];
    }
    std::copy(upright.begin(), upright.end(), image);
  }
  std::swap(images.rows, images.cols);
}

}  // namespace

LabelledImages load_split(const fs::path& folder, Split split, std::size_t pixels) {
  const DatasetFiles files = find_dataset(folder, split);
  LabelledImages loaded{read_idx_images(files.images), read_idx_labels(files.labels)};
  if (files.sideways) transpose(loaded.images);
  const Images& images = loaded.images;
  if (images.rows * images.cols != pixels) {
    fail("{}: images have {} x {} = {} pixels, but the model wants {}; use a model for {} pixels",
         files.images.string(), images.rows, images.cols, images.rows * images.cols, pixels,
         images.rows * images.cols);
  }
  if (loaded.labels.size() != images.count) {
    fail("{}: holds {} labels for the {} images of {}; fetch both files again",
         files.labels.string(), loaded.labels.size(), images.count, files.images.string());
  }
  return loaded;
}

Dataset load_dataset(const fs::path& folder, std::size_t pixels) {
  return {load_split(folder, Split::kTrain, pixels), load_split(folder, Split::kTest, pixels)};
}

}  // namespace picovae::tools
