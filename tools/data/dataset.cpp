#include "tools/data/dataset.hpp"

#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/data/array_source.hpp"
#include "tools/data/idx_source.hpp"
#include "tools/data/png_folder.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWanted =
    "a data set is a folder of IDX files (train-images-idx3-ubyte, t10k-images-idx3-ubyte, and "
    "labels if there are any), of x_train.npy and so on, or of PNG pictures, or a .npz; MNIST's "
    "IDX files come from https://ossci-datasets.s3.amazonaws.com/mnist, as .gz: put them there, or "
    "name their folder with --data";

std::unique_ptr<Source> open_folder(const fs::path& path) {
  auto pictures = std::make_unique<PngFolder>(path);
  if (!pictures->empty()) return pictures;
  if (pictures->has_jpeg()) {
    fail(
        "{}: holds JPEG pictures, which are not read; convert them to PNG: mogrify -format png "
        "*.jpg",
        path.string());
  }
  fail("{}: holds no data set; {}", path.string(), kWanted);
}

LabeledImages load_from(const Source& source, const fs::path& path, Split split,
                        std::size_t pixels) {
  LabeledImages loaded = source.load(split, {.pixels = pixels});
  const Images& images = loaded.images;
  if (pixels != 0 && images.rows * images.cols != pixels) {
    fail("{}: images have {} x {} = {} pixels, but {} are wanted; give --data with such images",
         path.string(), images.rows, images.cols, images.rows * images.cols, pixels);
  }
  return loaded;
}

}  // namespace

std::unique_ptr<Source> open_source(const fs::path& path) {
  if (auto source = find_idx_source(path)) return source;
  if (auto source = find_array_source(path)) return source;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return open_folder(path);
  if (!fs::exists(path, ignored)) fail("{}: no such file or folder; {}", path.string(), kWanted);
  if (path.extension() == ".png") {
    fail("{}: is one picture; give the folder that holds it", path.string());
  }
  return std::make_unique<IdxFileSource>(path);
}

std::vector<fs::path> dataset_files(const fs::path& path) {
  try {
    return open_source(path)->files();
  } catch (const Error&) {  // who loads it says what is missing
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return {path};
    return {};
  }
}

LabeledImages load_split(const fs::path& path, Split split, std::size_t pixels) {
  return load_from(*open_source(path), path, split, pixels);
}

std::span<const std::uint8_t> first_images(const LabeledImages& images, std::size_t count,
                                           const fs::path& path) {
  const auto& [total, rows, cols, pixels] = images.images;
  if (count > total) {
    fail("{}: has {} images; ask for at most as many with --count", path.string(), total);
  }
  return std::span(pixels).first(count * rows * cols);
}

std::span<const std::uint8_t> require_labels(const LabeledImages& images, const fs::path& path) {
  if (images.labels.empty()) {
    fail(
        "{}: has no labels, which this needs: beside IDX files of images put those of labels, "
        "beside x_train.npy y_train.npy, and pictures into a folder for each label",
        path.string());
  }
  return images.labels;
}

LabeledImages take_last(LabeledImages& from, std::size_t count) {
  const std::size_t kept = from.images.count - count;
  const auto split = [](auto& values, std::size_t at) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(at);
    std::remove_reference_t<decltype(values)> last(middle, values.end());
    values.erase(middle, values.end());
    return last;
  };
  LabeledImages last{{count, from.images.rows, from.images.cols, {}}, {}, from.label_names};
  last.images.pixels = split(from.images.pixels, kept * from.images.rows * from.images.cols);
  if (!from.labels.empty()) last.labels = split(from.labels, kept);
  from.images.count = kept;
  return last;
}

Dataset load_dataset(const fs::path& path, std::size_t pixels, std::size_t validation) {
  const auto source = open_source(path);
  if (validation == 0 && !source->has_test()) {
    fail("{}: has no test images; --validation N holds out the last N of the others",
         path.string());
  }
  LabeledImages train = load_from(*source, path, Split::kTrain, pixels);
  if (validation == 0) {
    const std::size_t size = train.images.rows * train.images.cols;
    return {std::move(train), load_from(*source, path, Split::kTest, size)};
  }
  if (validation >= train.images.count) {
    fail("{}: has {} training images; {} of them for validation leave none", path.string(),
         train.images.count, validation);
  }
  LabeledImages held_out = take_last(train, validation);
  return {std::move(train), std::move(held_out)};
}

LabeledImages load_held_out(const fs::path& path, std::size_t pixels, std::size_t validation) {
  return validation == 0 ? load_split(path, Split::kTest, pixels)
                         : load_dataset(path, pixels, validation).test;
}

}  // namespace picovae::tools
