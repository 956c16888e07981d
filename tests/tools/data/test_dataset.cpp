#include "tools/data/dataset.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/data/idx_files.hpp"
#include "tests/tools/data/numpy_files.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/png.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

// A data set of 3 training and 2 test images with 2 x 3 pixels.
void save_dataset(const TemporaryFolder& folder) {
  save(folder / "train-images-idx3-ubyte", image_file(3, 2, 3, 18));
  save(folder / "train-labels-idx1-ubyte", label_file(3, 3));
  save_gz(folder / "t10k-images-idx3-ubyte.gz", image_file(2, 2, 3, 12));
  save_gz(folder / "t10k-labels-idx1-ubyte.gz", label_file(2, 2));
}

}  // namespace

TEST_CASE("a data set is loaded by halves or whole") {
  const TemporaryFolder folder;
  save_dataset(folder);
  const Dataset both = load_dataset(folder.path(), 6);
  CHECK(both.train.images.count == 3);
  CHECK(both.train.labels.size() == 3);
  CHECK(both.test.images.count == 2);
  CHECK(both.test.images.pixels[11] == 12);
  CHECK(both.test.labels.size() == 2);
  fs::remove(folder / "train-images-idx3-ubyte");
  CHECK(load_split(folder.path(), Split::kTest, 6).images.count == 2);
  const auto message = message_of([&] { load_split(folder.path(), Split::kTrain, 6); });
  CHECK(is_one_line_about(message, folder / "train-images-idx3-ubyte"));
}

TEST_CASE("a data set without labels is loaded; who needs them says so") {
  const TemporaryFolder folder;
  save_dataset(folder);
  const LabeledImages labeled = load_split(folder.path(), Split::kTrain, 6);
  CHECK(require_labels(labeled, folder.path()).data() == labeled.labels.data());
  fs::remove(folder / "train-labels-idx1-ubyte");
  const Dataset loaded = load_dataset(folder.path(), 6, 1);  // the test set is not needed
  CHECK(loaded.train.images.count == 2);
  CHECK(loaded.train.labels.empty());
  CHECK(loaded.test.labels.empty());
  const auto message = message_of([&] { require_labels(loaded.train, folder.path()); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(message, "beside IDX files of images put those of labels"));
}

TEST_CASE("data sets that do not fit are refused") {
  const TemporaryFolder folder;
  save_dataset(folder);
  CHECK(contains(message_of([&] { load_split(folder.path(), Split::kTest, 784); }),
                 "2 x 3 = 6 pixels, but 784 are wanted; give --data"));
  save(folder / "train-labels-idx1-ubyte", label_file(4, 4));
  CHECK(contains(message_of([&] { load_split(folder.path(), Split::kTrain, 6); }),
                 "4 labels for the 3 images"));
  const auto missing = folder / "missing";
  const auto message = message_of([&] { load_split(missing, Split::kTest, 6); });
  CHECK(is_one_line_about(message, missing));
  CHECK(contains(message, "MNIST's IDX files come from https://"));
  CHECK(
      contains(message_of([&] { load_split(folder / "train-labels-idx1-ubyte", Split::kTest, 6); }),
               "a file of images has"));
}

TEST_CASE("the first images are as many as are there") {
  const TemporaryFolder folder;
  save_dataset(folder);
  const LabeledImages test = load_split(folder.path(), Split::kTest, 6);
  CHECK(first_images(test, 1, folder.path()).size() == 6);
  CHECK(first_images(test, 2, folder.path()).data() == test.images.pixels.data());
  const auto message = message_of([&] { first_images(test, 3, folder.path()); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(message, "has 2 images"));
}

TEST_CASE("the files of a data set are those that are read, whatever is missing") {
  const TemporaryFolder folder;
  CHECK(dataset_files(folder.path()).empty());
  CHECK(dataset_files(folder / "missing").empty());
  save_dataset(folder);
  CHECK(dataset_files(folder.path()).size() == 4);
  fs::remove(folder / "train-labels-idx1-ubyte");
  CHECK(dataset_files(folder.path()).size() == 3);
  save(folder / "broken.npz", Bytes(3));
  CHECK(dataset_files(folder / "broken.npz") == std::vector{folder / "broken.npz"});
}

TEST_CASE("every form is found, IDX files first") {
  const TemporaryFolder folder;
  const auto count = [&](const char* name) {
    return load_split(folder / name, Split::kTest, 4).images.count;
  };
  const std::string header = npy_header("|u1", "3, 2, 2");
  write_file(folder / "a.npy", npy_file(header, std::string(12, 'a')));
  write_png(folder / "b.png", {2, 2, Bytes(4)});
  CHECK(count("") == 1);  // .npy files of other names do not hide pictures
  CHECK(count("a.npy") == 3);
  write_file(folder / "x_test.npy", npy_file(header, std::string(12, 'a')));
  CHECK(count(".") == 3);
  save(folder / "t10k-images-idx3-ubyte", image_file(4, 2, 2, 16));
  CHECK(count(".") == 4);
  CHECK(count("t10k-images-idx3-ubyte") == 4);
  const auto picture = message_of([&] { count("b.png"); });
  CHECK(contains(picture, "is one picture; give the folder"));
}

TEST_CASE("pictures become as large as is wanted, other images do not") {
  const TemporaryFolder folder;
  write_png(folder / "b.png", {4, 4, Bytes(16, 200)});
  CHECK(load_split(folder.path(), Split::kTest, 4).images.pixels == Bytes(4, 200));
  save(folder / "images", image_file(1, 4, 4, 16));
  CHECK(contains(message_of([&] { load_split(folder / "images", Split::kTest, 4); }),
                 "4 x 4 = 16 pixels, but 4 are wanted"));
}

TEST_CASE("without test images some are held out, or it fails") {
  const TemporaryFolder folder;
  save(folder / "train-images-idx3-ubyte", image_file(3, 2, 3, 18));
  const auto message = message_of([&] { load_dataset(folder.path(), 6); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(message, "--validation N"));
  CHECK(load_dataset(folder.path(), 6, 1).test.images.pixels == Bytes{13, 14, 15, 16, 17, 18});
}

TEST_CASE("a folder with nothing to read says what could be there") {
  const TemporaryFolder folder;
  const auto empty = message_of([&] { open_source(folder.path()); });
  CHECK(is_one_line_about(empty, folder.path()));
  CHECK(contains(empty, "x_train.npy"));
  save(folder / "a.jpeg", Bytes(3));
  CHECK(contains(message_of([&] { open_source(folder.path()); }), "mogrify"));
}
