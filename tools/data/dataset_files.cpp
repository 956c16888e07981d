#include "tools/data/dataset_files.hpp"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/data/idx.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kHalves = {"train", "t10k", "test"};
constexpr std::array<std::string_view, 2> kSeparators = {"-", "."};

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

// As `path` where there are several: folder/emnist-letters.
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
    // A data set under the plain names has no other way to be chosen.
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
  fail("{}: no such folder; run tools/fetch_mnist.sh {} to fetch MNIST", shown, shown);
}

// what: "images", and idx "idx3", or labels.
fs::path find(const Place& place, Split split, std::string_view what, std::string_view idx) {
  const auto path = [&](std::string_view half, std::string_view separator) {
    return place.folder /
           fmt::format("{}{}-{}{}{}-ubyte", place.prefix, half, what, separator, idx);
  };
  for (const auto half : kHalves) {
    if ((half == "train") != (split == Split::kTrain)) continue;
    for (const auto separator : kSeparators) {
      if (const auto found = find_idx(path(half, separator))) return *found;
    }
  }
  const std::string wanted = path(split == Split::kTrain ? "train" : "t10k", "-").string();
  if (!place.prefix.empty()) {
    fail("{}: no such file (plain or .gz), but others of {} are there", wanted, place.prefix);
  }
  fail("{}: no such file (plain or .gz); run tools/fetch_mnist.sh {} to fetch MNIST", wanted,
       place.folder.string());
}

}  // namespace

DatasetFiles find_dataset(const fs::path& path, Split split) {
  const Place place = locate(path);
  return {find(place, split, "images", "idx3"), find(place, split, "labels", "idx1"),
          place.prefix.starts_with("emnist-")};
}

}  // namespace picovae::tools
