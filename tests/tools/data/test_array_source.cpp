#include "tools/data/array_source.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/data/numpy_files.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

// `count` images of 2 x 2 pixels, all of this gray; and as many labels.
std::string images(std::size_t count, std::uint8_t gray) {
  return npy_file(npy_header("|u1", std::to_string(count) + ", 2, 2"),
                  bytes_of(std::vector<std::uint8_t>(4 * count, gray)));
}
std::string labels(std::size_t count, std::int64_t label) {
  return npy_file(npy_header("<i8", std::to_string(count) + ","),
                  bytes_of(std::vector<std::int64_t>(count, label)));
}

LabeledImages load(const fs::path& path, Split split) {
  return find_array_source(path)->load(split, {});
}

}  // namespace

TEST_CASE("halves are found by the names of their arrays") {
  const TemporaryFolder folder;
  const auto npz = folder / "a.npz";
  using Names = std::array<const char*, 4>;
  for (const Names& names : {Names{"x_train", "y_train", "x_test", "y_test"},
                             {"train_images", "train_labels", "test_images", "test_labels"},
                             {"X_train", "Y_train", "X_test", "Y_test"}}) {
    CAPTURE(names[0]);
    const auto npy = folder / names[0];
    fs::create_directory(npy);
    std::vector<Member> members{{"other.npy", "anything"}};
    const std::array contents = {images(3, 30), labels(3, 7), images(2, 20), labels(2, 9)};
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string name = names[i] + std::string(".npy");
      members.push_back({name, contents[i], 8});
      write_file(npy / name, contents[i]);
    }
    write_file(npz, zip_file(members));
    for (const fs::path& path : {npz, npy}) {
      const auto source = find_array_source(path);
      CHECK(source->has_test());
      CHECK(source->files().size() == (path == npz ? 1 : 4));
      const LabeledImages train = source->load(Split::kTrain, {});
      CHECK(train.images.pixels == std::vector<std::uint8_t>(12, 30));
      CHECK(train.labels == std::vector<std::uint8_t>(3, 7));
      const LabeledImages test = source->load(Split::kTest, {});
      CHECK(test.images.pixels == std::vector<std::uint8_t>(8, 20));
      CHECK(test.labels == std::vector<std::uint8_t>(2, 9));
    }
  }
}

TEST_CASE("one set without halves is either half") {
  const TemporaryFolder folder;
  const auto npz = folder / "a.npz";
  struct Case {
    std::vector<Member> members;
    bool labeled;
  };
  for (const Case& c : {Case{{{"images.npy", images(2, 1)}, {"labels.npy", labels(2, 5)}}, true},
                        {{{"y.npy", labels(2, 5)}, {"x.npy", images(2, 1)}, {"z.npy", ""}}, true},
                        {{{"arr_0.npy", images(2, 1)}}, false}}) {
    write_file(npz, zip_file(c.members));
    CHECK(!find_array_source(npz)->has_test());
    for (const Split split : {Split::kTrain, Split::kTest}) {
      const LabeledImages loaded = load(npz, split);
      CHECK(loaded.images.count == 2);
      CHECK(loaded.labels == std::vector<std::uint8_t>(c.labeled ? 2 : 0, 5));
    }
  }
}

TEST_CASE("a .npy file has the labels beside it") {
  const TemporaryFolder folder;
  write_file(folder / "photos.npy", images(2, 1));
  write_file(folder / "x_test.npy", images(2, 2));
  write_file(folder / "x_train.npy", images(3, 3));
  CHECK(load(folder / "x_test.npy", Split::kTrain).labels.empty());
  write_file(folder / "y_test.npy", labels(2, 5));
  CHECK(load(folder / "x_test.npy", Split::kTrain).images.count == 2);
  CHECK(load(folder / "x_test.npy", Split::kTest).labels == std::vector<std::uint8_t>{5, 5});
  CHECK(find_array_source(folder / "x_test.npy")->files().size() == 2);
  CHECK(load(folder / "photos.npy", Split::kTest).labels.empty());
}

TEST_CASE("arrays that are no data set are refused") {
  const TemporaryFolder folder;
  const auto npz = folder / "a.npz";
  const auto refused = [&](const std::vector<Member>& members, Split split, const char* says) {
    write_file(npz, zip_file(members));
    const auto message = message_of([&] { load(npz, split); });
    CAPTURE(message);
    CHECK(is_one_line_about(message, npz));
    CHECK(contains(message, says));
  };
  refused({{"README", ""}}, Split::kTrain, "holds no arrays");
  refused({{"a.npy", ""}, {"b.npy", ""}}, Split::kTrain, "its arrays are a, b; expected x_train");
  refused({{"a.npy", ""}, {"b.npy", ""}, {"c.npy", ""}, {"d.npy", ""}, {"e.npy", ""}},
          Split::kTrain, "a, b, c, d, ...;");
  refused({{"x_train.npy", images(2, 1)}, {"y_train.npy", labels(3, 1)}}, Split::kTrain,
          "holds 3 labels for the 2 images of");
  refused({{"x_train.npy", images(2, 1)}}, Split::kTest,
          "x_train.npy: has no array of test images with it");
  refused({{"x_test.npy", images(2, 1)}}, Split::kTrain,
          "x_test.npy: has no array of training images with it");
  refused({{"arr_0.npy", labels(2, 1)}}, Split::kTrain, "arr_0.npy: has the shape (2)");
  refused({{"arr_0.npy", "no array"}}, Split::kTrain, "arr_0.npy: does not begin");
}

TEST_CASE("other paths are left to other readers") {
  const TemporaryFolder folder;
  write_file(folder / "photos.npy", images(2, 1));
  write_file(folder / "a.png", "");
  CHECK(find_array_source(folder.path()) == nullptr);
  CHECK(find_array_source(folder / "a.png") == nullptr);
  CHECK(find_array_source(folder / "none.npy") == nullptr);
}
