#include "tools/data/array_source.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/text.hpp"
#include "tools/data/npy.hpp"
#include "tools/data/npz.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

struct KnownNames {
  std::string_view images, labels;
};
struct KnownHalves {
  KnownNames train, test;
};
constexpr std::array<KnownHalves, 2> kHalves = {
    {{{"x_train", "y_train"}, {"x_test", "y_test"}},
     {{"train_images", "train_labels"}, {"test_images", "test_labels"}}}};
constexpr std::array<KnownNames, 2> kWhole = {{{"images", "labels"}, {"x", "y"}}};

class NpzArrays : public ArrayFiles {
 public:
  explicit NpzArrays(const fs::path& path) : path_(path), file_(path) {}

  std::vector<std::string> names() const override { return file_.names(); }
  std::vector<std::uint8_t> read(const std::string& name) const override {
    return file_.read(name);
  }
  fs::path file_of(const std::string&) const override { return path_; }
  std::string shown(const std::string& name) const override {
    return path_.string() + ": " + name + ".npy";
  }

 private:
  fs::path path_;
  NpzFile file_;
};

class NpyFiles : public ArrayFiles {
 public:
  explicit NpyFiles(fs::path folder) : folder_(std::move(folder)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
         entry.increment(error)) {
      const fs::path& path = entry->path();
      if (path.extension() == ".npy") names.push_back(path.stem().string());
    }
    if (error) fail("{}: cannot be read: {}", folder_.string(), error.message());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::uint8_t> read(const std::string& name) const override {
    return read_file_u8(file_of(name), kMaxNpyBytes);
  }
  fs::path file_of(const std::string& name) const override { return folder_ / (name + ".npy"); }
  std::string shown(const std::string& name) const override { return file_of(name).string(); }

 private:
  fs::path folder_;
};

// That of `names` which is `known` but for upper and lower case; empty: none.
std::string find_name(const std::vector<std::string>& names, std::string_view known) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
    return lower_case(name) == known;
  });
  return found == names.end() ? "" : *found;
}

ArrayNames find_names(const std::vector<std::string>& names, const KnownNames& known) {
  return {find_name(names, known.images), find_name(names, known.labels)};
}

// Of an array of images, what its labels are called; empty: nobody knows.
std::string_view labels_beside(const std::string& images) {
  const std::string name = lower_case(images);
  for (const auto& [train, test] : kHalves) {
    for (const KnownNames& half : {train, test}) {
      if (half.images == name) return half.labels;
    }
  }
  for (const KnownNames& whole : kWhole) {
    if (whole.images == name) return whole.labels;
  }
  return {};
}

// By the known names; none if there are no such arrays.
std::unique_ptr<Source> source_of(std::unique_ptr<ArrayFiles>& arrays) {
  const std::vector<std::string> names = arrays->names();
  for (const auto& [known_train, known_test] : kHalves) {
    ArrayNames train = find_names(names, known_train);
    ArrayNames test = find_names(names, known_test);
    if (train.images.empty() && test.images.empty()) continue;
    return std::make_unique<ArraySource>(std::move(arrays), std::move(train), std::move(test),
                                         true);
  }
  for (const KnownNames& known : kWhole) {
    ArrayNames whole = find_names(names, known);
    if (whole.images.empty()) continue;
    return std::make_unique<ArraySource>(std::move(arrays), std::move(whole), ArrayNames{}, false);
  }
  return nullptr;
}

std::unique_ptr<Source> open_npz(const fs::path& path) {
  std::unique_ptr<ArrayFiles> arrays = std::make_unique<NpzArrays>(path);
  const std::vector<std::string> names = arrays->names();
  if (auto source = source_of(arrays)) return source;
  if (names.size() == 1) {
    return std::make_unique<ArraySource>(std::move(arrays), ArrayNames{names[0], ""}, ArrayNames{},
                                         false);
  }
  if (names.empty()) fail("{}: holds no arrays of NumPy", path.string());
  constexpr std::size_t kShown = 4;
  const std::span<const std::string> first(names.data(), std::min(names.size(), kShown));
  fail(
      "{}: its arrays are {}{}; expected x_train, y_train, x_test and y_test, or images and labels",
      path.string(), joined(first, ", "), names.size() > kShown ? ", ..." : "");
}

std::unique_ptr<Source> open_npy(const fs::path& path) {
  auto arrays = std::make_unique<NpyFiles>(path.has_parent_path() ? path.parent_path() : ".");
  std::string images = path.stem().string();
  const std::string_view known = labels_beside(images);
  std::string labels = known.empty() ? "" : find_name(arrays->names(), known);
  return std::make_unique<ArraySource>(
      std::move(arrays), ArrayNames{std::move(images), std::move(labels)}, ArrayNames{}, false);
}

}  // namespace

ArraySource::ArraySource(std::unique_ptr<ArrayFiles> arrays, ArrayNames train, ArrayNames test,
                         bool has_halves)
    : arrays_(std::move(arrays)),
      train_(std::move(train)),
      test_(std::move(test)),
      has_halves_(has_halves) {}

std::vector<fs::path> ArraySource::files() const {
  std::vector<fs::path> files;
  for (const std::string* name : {&train_.images, &train_.labels, &test_.images, &test_.labels}) {
    if (name->empty()) continue;
    const fs::path file = arrays_->file_of(*name);
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
  }
  return files;
}

LabeledImages ArraySource::load(Split split, const WantedImages&) const {
  const bool tests = has_halves_ && split == Split::kTest;
  const ArrayNames& names = tests ? test_ : train_;
  if (names.images.empty()) {
    fail("{}: has no array of {} images with it", arrays_->shown((tests ? train_ : test_).images),
         tests ? "test" : "training");
  }
  const std::string shown = arrays_->shown(names.images);
  LabeledImages loaded{images_of(arrays_->read(names.images), shown), {}, {}};
  if (names.labels.empty()) return loaded;
  const std::string labels = arrays_->shown(names.labels);
  loaded.labels = labels_of(arrays_->read(names.labels), labels);
  if (loaded.labels.size() != loaded.images.count) {
    fail("{}: holds {} labels for the {} images of {}", labels, loaded.labels.size(),
         loaded.images.count, shown);
  }
  return loaded;
}

std::unique_ptr<Source> find_array_source(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    std::unique_ptr<ArrayFiles> arrays = std::make_unique<NpyFiles>(path);
    return source_of(arrays);
  }
  if (!fs::exists(path, ignored)) return nullptr;
  if (path.extension() == ".npz") return open_npz(path);
  if (path.extension() == ".npy") return open_npy(path);
  return nullptr;
}

}  // namespace picovae::tools
