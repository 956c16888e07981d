#include "tools/data/png_folder.hpp"

#include <doctest/doctest.h>
#include <png.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/base/png.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

using Labels = std::vector<std::uint8_t>;

void save(const fs::path& path, std::uint8_t gray, std::size_t width = 2, std::size_t height = 2) {
  fs::create_directories(path.parent_path());
  write_png(path, {width, height, std::vector<std::uint8_t>(width * height, gray)});
}

LabeledImages load(const fs::path& folder, Split split = Split::kTrain, WantedImages wanted = {}) {
  return PngFolder(folder).load(split, wanted);
}

// The gray of each picture with its label, ascending.
std::set<std::pair<int, int>> grays_and_labels(const LabeledImages& loaded) {
  std::set<std::pair<int, int>> pairs;
  for (std::size_t i = 0; i < loaded.images.count; ++i) {
    pairs.emplace(loaded.images.pixels[4 * i], loaded.labels[i]);
  }
  return pairs;
}

}  // namespace

TEST_CASE("sub-folders are labels, numbered in the order of their names") {
  const TemporaryFolder folder;
  save(folder / "dog/1.png", 10);
  save(folder / "dog/deep/2.PNG", 11);
  save(folder / "cat/1.png", 20);
  save(folder / ".hidden/1.png", 30);
  write_file(folder / "cat/notes.txt", "left out");
  fs::create_directory(folder / "empty");
  const PngFolder source(folder.path());
  CHECK(!source.has_test());
  CHECK(source.files().size() == 3);
  const LabeledImages loaded = load(folder.path());
  CHECK(loaded.images.rows == 2);
  CHECK(grays_and_labels(loaded) == std::set<std::pair<int, int>>{{10, 1}, {11, 1}, {20, 0}});
  CHECK(loaded.label_names == std::vector<std::string>{"cat", "dog"});
  CHECK(load(folder.path(), Split::kTest).images.pixels == loaded.images.pixels);
}

TEST_CASE("names that are all numbers are the labels") {
  const TemporaryFolder folder;
  save(folder / "7/a.png", 70);
  save(folder / "010/a.png", 100);
  CHECK(grays_and_labels(load(folder.path())) == std::set<std::pair<int, int>>{{70, 7}, {100, 10}});
  CHECK(load(folder.path()).label_names.empty());
  save(folder / "256/a.png", 0);
  CHECK(load(folder.path()).label_names.size() == 3);
  fs::remove_all(folder / "256");
  save(folder / "07/a.png", 0);  // another name of 7
  CHECK(load(folder.path()).label_names.size() == 3);
}

TEST_CASE("pictures that are in no sub-folder have no labels") {
  const TemporaryFolder folder;
  save(folder / "a.png", 1);
  save(folder / "b.png", 2);
  CHECK(load(folder.path()).images.count == 2);
  CHECK(load(folder.path()).labels.empty());
  save(folder / "c/d.png", 3);
  const auto message = message_of([&] { load(folder.path()); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(message, "pictures beside sub-folders"));
}

TEST_CASE("halves are sub-folders of these names alone") {
  for (const auto& halves :
       {std::pair{"train", "test"}, {"Training", "TESTING"}, {"train", "val"}}) {
    const char* const train = halves.first;
    const char* const test = halves.second;
    CAPTURE(test);
    const TemporaryFolder folder;
    save(folder / train / "b/1.png", 1);
    save(folder / train / "b/2.png", 2);
    save(folder / test / "a/1.png", 3);
    const PngFolder source(folder.path());
    CHECK(source.has_test());
    CHECK(grays_and_labels(load(folder.path())) == std::set<std::pair<int, int>>{{1, 1}, {2, 1}});
    CHECK(grays_and_labels(load(folder.path(), Split::kTest)) ==
          std::set<std::pair<int, int>>{{3, 0}});
    CHECK(source.files().size() == 3);
    save(folder / "car/1.png", 4);  // now they are things
    CHECK(!PngFolder(folder.path()).has_test());
    CHECK(load(folder.path()).label_names.size() == 3);
  }
}

TEST_CASE("of test and val, test is the test half") {
  const TemporaryFolder folder;
  save(folder / "train/1.png", 1);
  save(folder / "val/1.png", 2);
  save(folder / "test/1.png", 3);
  CHECK(load(folder.path(), Split::kTest).images.pixels == std::vector<std::uint8_t>(4, 3));
  fs::remove_all(folder / "test");
  fs::remove_all(folder / "val");
  CHECK(!PngFolder(folder.path()).has_test());
  CHECK(is_one_line_about(message_of([&] { load(folder.path(), Split::kTest); }), folder / "test"));
}

TEST_CASE("the order depends on names alone and mixes the labels") {
  const TemporaryFolder one;
  const TemporaryFolder other;
  constexpr std::uint8_t kEach = 50;
  for (std::uint8_t i = 0; i < kEach; ++i) {
    for (const auto label : {std::uint8_t{0}, std::uint8_t{1}}) {
      const std::string name = std::to_string(label) + "/" + std::to_string(100 + i) + ".png";
      save(one / name, static_cast<std::uint8_t>(i + kEach * label));
    }
  }
  fs::copy(one.path(), other.path(), fs::copy_options::recursive);
  const LabeledImages loaded = load(one.path());
  CHECK(load(other.path()).images.pixels == loaded.images.pixels);
  for (const std::size_t first : {std::size_t{0}, std::size_t{80}}) {
    const auto begin = loaded.labels.begin() + static_cast<std::ptrdiff_t>(first);
    const auto ones = std::count(begin, begin + 20, 1);
    CHECK(ones >= 5);
    CHECK(ones <= 15);
  }
}

TEST_CASE("pictures are brought to the size that is wanted") {
  const TemporaryFolder folder;
  save(folder / "a.png", 100, 8, 8);
  save(folder / "b.png", 100, 16, 16);
  const auto size_of = [&](WantedImages wanted) {
    const Images images = load(folder.path(), Split::kTrain, wanted).images;
    CHECK(images.pixels ==
          std::vector<std::uint8_t>(images.count * images.rows * images.cols, 100));
    return std::pair{images.rows, images.cols};
  };
  CHECK(size_of({.rows = 5, .cols = 5}) == std::pair<std::size_t, std::size_t>{5, 5});
  CHECK(size_of({.pixels = 9}) == std::pair<std::size_t, std::size_t>{3, 3});
  const auto no_square = message_of([&] { load(folder.path(), Split::kTrain, {.pixels = 8}); });
  CHECK(contains(no_square, "no square; picovae convert --size"));
  const auto message = message_of([&] { load(folder.path()); });
  CHECK(contains(message, "picovae convert --size brings"));
  CHECK(contains(message, "8 x 8"));
  CHECK(contains(message, "16 x 16"));
  // A model's pixels, in the form of the pictures.
  const TemporaryFolder wide;
  save(wide / "a.png", 1, 8, 2);
  const Images images = load(wide.path(), Split::kTrain, {.pixels = 16}).images;
  CHECK(images.rows == 2);
  CHECK(images.cols == 8);
}

TEST_CASE("what cannot be read is named") {
  const TemporaryFolder folder;
  CHECK(PngFolder(folder.path()).empty());
  CHECK(contains(message_of([&] { load(folder.path()); }), "no .png pictures"));
  write_file(folder / "a.jpg", "");
  CHECK(PngFolder(folder.path()).has_jpeg());
  write_file(folder / "b.png", "no picture");
  CHECK(is_one_line_about(message_of([&] { load(folder.path()); }), folder / "b.png"));
  const TemporaryFolder many;
  for (int i = 0; i < 257; ++i) save(many / ("label" + std::to_string(i)) / "a.png", 0);
  const auto message = message_of([&] { load(many.path()); });
  CHECK(is_one_line_about(message, many.path()));
  CHECK(contains(message, "257 sub-folders"));
}
