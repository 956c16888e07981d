#include "tools/data/dataset.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kHalves = {"train", "t10k", "test"};
constexpr std::array<char, 2> kSeparators = {'-', '.'};

constexpr std::string_view kWanted =
    "a data set is train-images-idx3-ubyte, t10k-images-idx3-ubyte and, if there are labels, "
    "train-labels-idx1-ubyte and t10k-labels-idx1-ubyte; MNIST's come from "
    "https://ossci-datasets.s3.amazonaws.com/mnist, "
    "as .gz: put them there, or name their folder with --data";

// "emnist-letters-" of "emnist-letters-train-images-idx3-ubyte.gz"; nothing for any other file.
std::optional<std::string> prefix_of(std::string_view file) {
  if (file.ends_with(".gz")) file.remove_suffix(3);
  for (const auto half : kHalves) {
    for (const auto separator : kSeparators) {
      const std::string name = fmt::format("{}-images{}idx3-ubyte", half, separator);
      if (!file.ends_with(name)) continue;
      file.remove_suffix(name.size());
      if (file.empty() || file.ends_with('-')) return std::string(file);
    }
  }
  return std::nullopt;
}

// The prefixes of all data sets in a folder.
std::set<std::string> prefixes_in(const fs::path& folder) {
  std::set<std::string> prefixes;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (auto prefix = prefix_of(entry->path().filename().string())) prefixes.insert(*prefix);
  }
  if (error) fail("{}: cannot be read: {}", folder.string(), error.message());
  return prefixes;
}

struct Place {
  fs::path folder;
  std::string prefix;
};

// "folder/emnist-letters or folder/emnist-digits": what `path` may be.
std::string choices(const fs::path& folder, const std::set<std::string>& prefixes) {
  std::set<std::string> names;
  for (std::string name : prefixes) {
    if (!name.empty()) name.pop_back();  // the hyphen
    names.insert((folder / name).string());
  }
  return joined(names, " or ");
}

Place locate(const fs::path& path) {
  const std::string shown = path.string();
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    const auto prefixes = prefixes_in(path);
    if (prefixes.size() < 2) return {path, prefixes.empty() ? "" : *prefixes.begin()};
    // A data set without a prefix cannot be chosen in another way.
    if (prefixes.contains("")) return {path, ""};
    fail("{}: holds several data sets; choose {}", shown, choices(path, prefixes));
  }
  if (fs::exists(path, ignored)) {
    fail("{}: is not a folder; give the one that holds the four IDX files", shown);
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string prefix = path.filename().string() + "-";
  if (fs::is_directory(folder, ignored) && prefixes_in(folder).contains(prefix)) {
    return {folder, prefix};
  }
  fail("{}: no such folder; {}", shown, kWanted);
}

// What MNIST's names have "images" and "idx3" in, and what "labels" and "idx1".
struct Kind {
  std::string_view what, idx;
};
constexpr Kind kImages = {"images", "idx3"};
constexpr Kind kLabels = {"labels", "idx1"};

fs::path name_in(const Place& place, std::string_view half, const Kind& kind, char separator) {
  return place.folder /
         fmt::format("{}{}-{}{}{}-ubyte", place.prefix, half, kind.what, separator, kind.idx);
}

std::optional<fs::path> find(const Place& place, Split split, const Kind& kind) {
  for (const auto half : kHalves) {
    if ((half == "train") != (split == Split::kTrain)) continue;
    for (const char separator : kSeparators) {
      if (const auto found = find_idx(name_in(place, half, kind, separator))) return found;
    }
  }
  return std::nullopt;
}

fs::path find_images(const Place& place, Split split) {
  if (const auto found = find(place, split, kImages)) return *found;
  const char* const half = split == Split::kTrain ? "train" : "t10k";
  const std::string usual = name_in(place, half, kImages, '-').string();
  if (!place.prefix.empty()) {
    fail("{}: no such file (plain or .gz), but others of {} are there", usual, place.prefix);
  }
  fail("{}: no such file (plain or .gz); {}", usual, kWanted);
}

// Puts upright what is stored column by column.
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
LabeledImages take_last(LabeledImages& from, std::size_t count) {
  const std::size_t kept = from.images.count - count;
  const auto split = [](auto& values, std::size_t at) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(at);
    std::remove_reference_t<decltype(values)> last(middle, values.end());
    values.erase(middle, values.end());
    return last;
  };
  LabeledImages last{{count, from.images.rows, from.images.cols, {}}, {}};
  last.images.pixels = split(from.images.pixels, kept * from.images.rows * from.images.cols);
  if (!from.labels.empty()) last.labels = split(from.labels, kept);
  from.images.count = kept;
  return last;
}

}  // namespace

DatasetFiles find_dataset(const fs::path& path, Split split) {
  const Place place = locate(path);
  return {find_images(place, split), find(place, split, kLabels).value_or(""),
          place.prefix.starts_with("emnist-")};
}

std::vector<fs::path> dataset_files(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return {path};
  std::vector<fs::path> found;
  for (const Split split : {Split::kTrain, Split::kTest}) {
    try {
      const DatasetFiles files = find_dataset(path, split);
      found.push_back(files.images);
      if (!files.labels.empty()) found.push_back(files.labels);
    } catch (const Error&) {  // who loads it says what is missing
    }
  }
  return found;
}

LabeledImages load_split(const fs::path& path, Split split, std::size_t pixels) {
  const DatasetFiles files = find_dataset(path, split);
  LabeledImages loaded{read_idx_images(files.images), {}};
  if (!files.labels.empty()) loaded.labels = read_idx_labels(files.labels);
  if (files.sideways) transpose(loaded.images);
  const Images& images = loaded.images;
  if (pixels != 0 && images.rows * images.cols != pixels) {
    fail("{}: images have {} x {} = {} pixels, but {} are wanted; give --data with such images",
         files.images.string(), images.rows, images.cols, images.rows * images.cols, pixels);
  }
  if (!files.labels.empty() && loaded.labels.size() != images.count) {
    fail("{}: holds {} labels for the {} images of {}; fetch both files again",
         files.labels.string(), loaded.labels.size(), images.count, files.images.string());
  }
  return loaded;
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
        "{}: has no labels, which this needs; put train-labels-idx1-ubyte and "
        "t10k-labels-idx1-ubyte beside the images",
        path.string());
  }
  return images.labels;
}

Dataset load_dataset(const fs::path& path, std::size_t pixels, std::size_t validation) {
  LabeledImages train = load_split(path, Split::kTrain, pixels);
  if (validation == 0) {
    const std::size_t size = train.images.rows * train.images.cols;
    return {std::move(train), load_split(path, Split::kTest, size)};
  }
  if (validation >= train.images.count) {
    fail("{}: has {} training images; {} of them for validation leave none", path.string(),
         train.images.count, validation);
  }
  LabeledImages held_out = take_last(train, validation);
  return {std::move(train), std::move(held_out)};
}

}  // namespace picovae::tools
