#include "tools/data/dataset.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "tools/base/error.hpp"

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

// Moves the last `count` images out of `from`.
LabelledImages take_last(LabelledImages& from, std::size_t count) {
  const std::size_t kept = from.images.count - count;
  const auto split = [](auto& values, std::size_t at) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(at);
    std::remove_reference_t<decltype(values)> last(middle, values.end());
    values.erase(middle, values.end());
    return last;
  };
  LabelledImages last{{count, from.images.rows, from.images.cols, {}}, {}};
  last.images.pixels = split(from.images.pixels, kept * from.images.rows * from.images.cols);
  last.labels = split(from.labels, kept);
  from.images.count = kept;
  return last;
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

Dataset load_dataset(const fs::path& folder, std::size_t pixels, std::size_t validation) {
  LabelledImages train = load_split(folder, Split::kTrain, pixels);
  if (validation == 0) return {std::move(train), load_split(folder, Split::kTest, pixels)};
  if (validation >= train.images.count) {
    fail("{}: has {} training images; {} of them for validation leave none", folder.string(),
         train.images.count, validation);
  }
  LabelledImages held_out = take_last(train, validation);
  return {std::move(train), std::move(held_out)};
}

}  // namespace picovae::tools
