#include "tools/data/png_folder.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>

#include "picovae/crc32c.hpp"
#include "picovae/random.hpp"
#include "tools/base/error.hpp"
#include "tools/base/memory.hpp"
#include "tools/base/notice.hpp"
#include "tools/base/png.hpp"
#include "tools/base/text.hpp"
#include "tools/data/box_filter.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLabels = 256;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// Calls take(path) for what is in a folder.
template <typename Take>
void for_each_entry(const fs::path& folder, Take take) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_hidden(entry->path())) take(*entry);
  }
  if (error) fail("{}: cannot be read: {}", folder.string(), error.message());
}

// A number for each name, in no order.
std::uint32_t place_of(std::string_view name) {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(name.data(), name.size())), 0);
  return philox4x32({crc, 0, 0, 0}, 0)[0];  // names that differ in a digit have similar CRCs
}

// The sizes of a PNG folder are found with its first picture.
struct Size {
  std::size_t rows = 0, cols = 0;
};

Size choose_size(const WantedImages& wanted, const GrayImage& first, const fs::path& path) {
  if (wanted.rows != 0) return {wanted.rows, wanted.cols};
  if (wanted.pixels == 0 || wanted.pixels == first.width * first.height) {
    return {first.height, first.width};
  }
  const auto side =
      static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(wanted.pixels))));
  if (side * side != wanted.pixels) {
    fail(
        "{}: the picture has {} x {} pixels, but {} are wanted, which is no square; picovae "
        "convert --size makes them of that size",
        path.string(), first.width, first.height, wanted.pixels);
  }
  return {side, side};
}

}  // namespace

PngFolder::Half PngFolder::scan(const fs::path& folder) {
  Half half;
  half.folder = folder;
  const auto add = [&](const fs::directory_entry& entry, const std::string& label) {
    std::error_code ignored;
    if (!entry.is_regular_file(ignored)) return;
    const std::string ending = lower_case(entry.path().extension().string());
    if (ending == ".png") {
      half.pictures.push_back({entry.path(), label});
      return;
    }
    const std::string name = entry.path().string();
    if (half.skipped == 0 || name < half.first_skipped) half.first_skipped = name;
    ++half.skipped;
    half.has_jpeg = half.has_jpeg || ending == ".jpg" || ending == ".jpeg";
  };
  for_each_entry(folder, [&](const fs::directory_entry& entry) {
    std::error_code error;
    if (!entry.is_directory(error)) return add(entry, "");
    const std::string label = entry.path().filename().string();
    fs::recursive_directory_iterator below(entry.path(), error);
    for (const fs::recursive_directory_iterator end; !error && below != end;
         below.increment(error)) {
      if (is_hidden(below->path())) {
        below.disable_recursion_pending();
      } else {
        add(*below, label);
      }
    }
    if (error) fail("{}: cannot be read: {}", entry.path().string(), error.message());
  });
  return half;
}

PngFolder::PngFolder(const fs::path& folder) {
  train_ = scan(folder);
  std::set<std::string> names;
  for (const Picture& picture : train_.pictures) names.insert(picture.label);
  const auto named = [&](std::initializer_list<const char*> known) {
    for (const char* wanted : known) {
      for (const std::string& name : names) {
        if (lower_case(name) == wanted) return name;
      }
    }
    return std::string();
  };
  const std::string train = named({"train", "training"});
  const std::string test = named({"test", "testing"});
  const std::string validation = named({"val", "valid", "validation"});
  const auto count = [](const std::string& name) { return name.empty() ? 0U : 1U; };
  const std::size_t halves = count(train) + count(test) + count(validation);
  if (halves != 0 && halves == names.size()) {
    has_halves_ = true;
    if (!test.empty() && !validation.empty()) left_out_ = folder / validation;
    const std::string& held_out = test.empty() ? validation : test;
    train_ = train.empty() ? Half{.folder = folder / "train"} : scan(folder / train);
    test_ = held_out.empty() ? Half{.folder = folder / "test"} : scan(folder / held_out);
  }
  find_labels();
}

void PngFolder::find_labels() {
  std::set<std::string> names;
  for (Half* half : {&train_, &test_}) {
    std::set<std::string> own;
    for (const Picture& picture : half->pictures) own.insert(picture.label);
    if (own.size() > 1 && own.contains("")) {
      fail(
          "{}: holds pictures beside sub-folders of pictures, which would be their labels; move "
          "them to one",
          half->folder.string());
    }
    names.merge(own);
    std::sort(
        half->pictures.begin(), half->pictures.end(), [&](const Picture& a, const Picture& b) {
          const auto key = [&](const Picture& picture) {
            const std::string name = picture.path.lexically_relative(half->folder).generic_string();
            return std::tuple(place_of(name), name);
          };
          return key(a) < key(b);
        });
  }
  names.erase("");
  if (names.size() > kMaxLabels) {
    fail("{}: has {} sub-folders of pictures; at most {} labels are possible",
         train_.folder.string(), names.size(), kMaxLabels);
  }
  names_.assign(names.begin(), names.end());
  std::set<unsigned> values;
  for (const std::string& name : names_) {
    if (const auto value = parse_number<std::uint8_t>(name)) values.insert(*value);
  }
  numbers_ = values.size() == names_.size();
}

std::vector<fs::path> PngFolder::files() const {
  std::vector<fs::path> files;
  for (const Half* half : {&train_, &test_}) {
    for (const Picture& picture : half->pictures) files.push_back(picture.path);
  }
  return files;
}

LabeledImages PngFolder::load(Split split, const WantedImages& wanted) const {
  const Half& half = has_halves_ && split == Split::kTest ? test_ : train_;
  if (half.pictures.empty()) fail("{}: holds no .png pictures", half.folder.string());
  if (&half == &test_ && !left_out_.empty()) {
    notice("{}: is left out; the test images are in {}", left_out_.string(), half.folder.string());
  }
  if (half.skipped != 0) {
    notice("{}: {} left out that are no .png, such as {}{}", half.folder.string(),
           counted(half.skipped, "file"), half.first_skipped,
           half.has_jpeg ? "; JPEG is not read: convert it by mogrify -format png" : "");
  }
  LabeledImages loaded;
  Images& images = loaded.images;
  std::size_t resized = 0, transparent = 0;
  for (const auto& [path, label] : half.pictures) {
    GrayImage picture = read_png(path);
    if (images.count == 0) {
      const Size size = choose_size(wanted, picture, path);
      images.rows = size.rows;
      images.cols = size.cols;
      if (half.pictures.size() > kMaxDataBytes / (size.rows * size.cols)) {
        fail("{}: {} pictures of {} x {} pixels are too many; at most {} bytes are read",
             half.folder.string(), half.pictures.size(), size.cols, size.rows, kMaxDataBytes);
      }
      reserve_for(images.pixels, half.pictures.size() * size.rows * size.cols,
                  half.folder.string());
    }
    ++images.count;
    transparent += picture.transparent ? 1 : 0;
    if (picture.height != images.rows || picture.width != images.cols) {
      if (wanted.rows == 0 && wanted.pixels == 0) {
        fail(
            "{}: the picture has {} x {} pixels, but {} has {} x {}; picovae convert --size brings "
            "all to one size",
            path.string(), picture.width, picture.height, half.pictures[0].path.string(),
            images.cols, images.rows);
      }
      picture.pixels =
          resize_image(picture.pixels, picture.height, picture.width, images.rows, images.cols);
      ++resized;
    }
    images.pixels.insert(images.pixels.end(), picture.pixels.begin(), picture.pixels.end());
    if (label.empty()) continue;
    loaded.labels.push_back(
        numbers_ ? parse_number<std::uint8_t>(label).value()
                 : static_cast<std::uint8_t>(std::lower_bound(names_.begin(), names_.end(), label) -
                                             names_.begin()));
  }
  if (resized != 0) {
    notice("{}: {} brought to {} x {} pixels, their proportions kept", half.folder.string(),
           counted(resized, "picture"), images.cols, images.rows);
  }
  if (transparent != 0) {
    notice("{}: {} partly transparent, shown on black", half.folder.string(),
           counted(transparent, "picture"));
  }
  if (!numbers_) loaded.label_names = names_;
  return loaded;
}

}  // namespace picovae::tools
