#include "tools/data/idx_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/notice.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kHalves = {"train", "t10k", "test"};
constexpr std::array<char, 2> kSeparators = {'-', '.'};

constexpr IdxKind kImages = {"images", "idx3"};
constexpr IdxKind kLabels = {"labels", "idx1"};

std::string file_name(std::string_view half, const IdxKind& kind, char separator) {
  return fmt::format("{}-{}{}{}-ubyte", half, kind.what, separator, kind.idx);
}

// "emnist-letters-" of "emnist-letters-train-images-idx3-ubyte.gz"; nothing for any other file.
std::optional<std::string> prefix_of(std::string_view file) {
  if (file.ends_with(".gz")) file.remove_suffix(3);
  for (const auto half : kHalves) {
    for (const char separator : kSeparators) {
      const std::string name = file_name(half, kImages, separator);
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

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// "folder/emnist-letters or folder/emnist-digits": what a path may be.
std::string choices(const fs::path& folder, const std::set<std::string>& prefixes) {
  std::set<std::string> names;
  for (std::string name : prefixes) {
    if (!name.empty()) name.pop_back();  // the hyphen
    names.insert((folder / name).string());
  }
  return joined(names, " or ");
}

// In that folder alone.
std::unique_ptr<Source> source_in(const fs::path& folder) {
  const auto prefixes = prefixes_in(folder);
  if (prefixes.empty()) return nullptr;
  // A data set without a prefix cannot be chosen in another way.
  if (prefixes.size() > 1 && !prefixes.contains("")) {
    fail("{}: holds several data sets; choose {}", folder.string(), choices(folder, prefixes));
  }
  return std::make_unique<IdxSource>(folder, *prefixes.begin());
}

// Where torchvision puts the files of MNIST, and EMNIST's archive its own.
std::unique_ptr<Source> source_below(const fs::path& folder) {
  for (const char* name : {"raw", "gzip"}) {
    if (is_folder(folder / name)) {
      if (auto source = source_in(folder / name)) return source;
    }
  }
  std::set<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path raw = entry->path() / "raw";
    if (is_folder(raw) && !prefixes_in(raw).empty()) found.insert(entry->path());
  }
  if (found.empty()) return nullptr;
  if (found.size() == 1) return source_in(*found.begin() / "raw");
  std::set<std::string> names;
  for (const fs::path& name : found) names.insert(name.string());
  fail("{}: holds several data sets; choose {}", folder.string(), joined(names, " or "));
}

LabeledImages load_files(const IdxFiles& files) {
  LabeledImages loaded{read_idx_images(files.images), {}, {}};
  if (files.labels.empty()) return loaded;
  loaded.labels = read_idx_labels(files.labels);
  if (loaded.labels.size() != loaded.images.count) {
    fail("{}: holds {} labels for the {} images of {}; fetch both files again",
         files.labels.string(), loaded.labels.size(), loaded.images.count, files.images.string());
  }
  return loaded;
}

std::vector<fs::path> names_of(const IdxFiles& files) {
  if (files.labels.empty()) return {files.images};
  return {files.images, files.labels};
}

}  // namespace

IdxSource::IdxSource(fs::path folder, std::string_view prefix)
    : folder_(std::move(folder)), prefix_(prefix) {}

std::optional<fs::path> IdxSource::find_file(Split split, const IdxKind& kind) const {
  for (const auto half : kHalves) {
    if ((half == "train") != (split == Split::kTrain)) continue;
    for (const char separator : kSeparators) {
      if (auto found = find_idx(folder_ / (prefix_ + file_name(half, kind, separator))))
        return found;
    }
  }
  return std::nullopt;
}

IdxFiles IdxSource::find(Split split) const {
  const auto images = find_file(split, kImages);
  if (!images) {
    const char* const half = split == Split::kTrain ? "train" : "t10k";
    fail("{}: no such file (plain or .gz), but others of the data set are there{}",
         (folder_ / (prefix_ + file_name(half, kImages, '-'))).string(),
         split == Split::kTest ? "; --validation N takes training images" : "");
  }
  return {*images, find_file(split, kLabels).value_or("")};
}

bool IdxSource::has_test() const { return find_file(Split::kTest, kImages).has_value(); }

std::vector<fs::path> IdxSource::files() const {
  std::vector<fs::path> found;
  for (const Split split : {Split::kTrain, Split::kTest}) {
    for (const IdxKind& kind : {kImages, kLabels}) {
      if (const auto file = find_file(split, kind)) found.push_back(*file);
    }
  }
  return found;
}

LabeledImages IdxSource::load(Split split, const WantedImages&) const {
  const IdxFiles files = find(split);
  // No field of the files says it, and others than NIST may have saved them upright.
  if (prefix_.starts_with("emnist-")) {
    notice(
        "{}: EMNIST's own files hold images sideways; if these do, picovae convert --transpose "
        "turns them",
        files.images.string());
  }
  return load_files(files);
}

IdxFiles IdxFileSource::find() const {
  IdxFiles files{images_, {}};
  std::string name = images_.filename().string();
  if (!prefix_of(name)) return files;
  for (const auto& [from, to] :
       {std::pair{kImages.what, kLabels.what}, {kImages.idx, kLabels.idx}}) {
    name.replace(name.rfind(from), from.size(), to);
  }
  const fs::path labels = images_.parent_path() / name;
  std::error_code ignored;
  if (fs::exists(labels, ignored)) files.labels = labels;
  return files;
}

std::vector<fs::path> IdxFileSource::files() const { return names_of(find()); }

LabeledImages IdxFileSource::load(Split, const WantedImages&) const { return load_files(find()); }

std::unique_ptr<Source> find_idx_source(const fs::path& path) {
  if (is_folder(path)) {
    if (auto source = source_in(path)) return source;
    return source_below(path);
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string prefix = path.filename().string() + "-";
  if (!is_folder(folder) || !prefixes_in(folder).contains(prefix)) return nullptr;
  return std::make_unique<IdxSource>(folder, prefix);
}

}  // namespace picovae::tools
