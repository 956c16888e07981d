#include "tools/data/dataset.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/data/idx_files.hpp"
#include "tests/tools/temporary_folder.hpp"

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
  CHECK(contains(message, "a data set is train-images-idx3-ubyte, t10k-images-idx3-ubyte and"));
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
  CHECK(contains(message, "put train-labels-idx1-ubyte"));
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
  CHECK(contains(message, "MNIST's come from https://"));
  CHECK(contains(message_of([&] { load_dataset(folder / "train-labels-idx1-ubyte", 6); }),
                 "is not a folder"));
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
  fs::remove(folder / "train-images-idx3-ubyte");
  CHECK(dataset_files(folder.path()) ==
        std::vector{find_dataset(folder.path(), Split::kTest).images,
                    find_dataset(folder.path(), Split::kTest).labels});
}

TEST_CASE("other data sets have other names") {
  const TemporaryFolder folder;
  const auto save_half = [&](const std::string& images, const std::string& labels, int count) {
    const auto n = static_cast<std::uint32_t>(count);
    save_gz(folder / (images + ".gz"), image_file(n, 2, 3, static_cast<std::size_t>(count) * 6));
    save_gz(folder / (labels + ".gz"), label_file(n, static_cast<std::size_t>(count)));
  };
  save_half("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte", 4);
  save_half("emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte", 3);
  // The only data set of a folder needs no prefix.
  CHECK(load_dataset(folder.path(), 6).train.images.count == 4);
  save_half("kuzushi-train-images.idx3-ubyte", "kuzushi-train-labels.idx1-ubyte", 5);
  save_half("kuzushi-t10k-images.idx3-ubyte", "kuzushi-t10k-labels.idx1-ubyte", 2);

  const Dataset letters = load_dataset(folder / "emnist-letters", 6);
  CHECK(letters.train.images.count == 4);
  CHECK(letters.test.images.count == 3);
  const Dataset kuzushi = load_dataset(folder / "kuzushi", 6);
  CHECK(kuzushi.train.images.count == 5);
  CHECK(kuzushi.test.labels.size() == 2);
  // EMNIST is stored column by column, and loaded upright.
  const auto& upright = letters.train.images;
  const auto& plain = kuzushi.train.images;
  CHECK(upright.rows == 3);
  CHECK(upright.cols == 2);
  for (std::size_t image = 0; image < 4; ++image) {
    for (std::size_t row = 0; row < 2; ++row) {
      for (std::size_t col = 0; col < 3; ++col) {
        CHECK(upright.pixels[image * 6 + col * 2 + row] == plain.pixels[image * 6 + row * 3 + col]);
      }
    }
  }

  const auto message = message_of([&] { load_dataset(folder.path(), 6); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(message, "choose " + (folder / "emnist-letters").string() + " or " +
                              (folder / "kuzushi").string()));
  CHECK(contains(message_of([&] { load_dataset(folder / "emnist", 6); }), "no such folder"));
  fs::remove(folder / "kuzushi-t10k-images.idx3-ubyte.gz");
  const auto half = message_of([&] { load_dataset(folder / "kuzushi", 6); });
  CHECK(is_one_line_about(half, folder / "kuzushi-t10k-images-idx3-ubyte"));
  // Among others, MNIST is chosen by the folder.
  save_dataset(folder);
  CHECK(load_dataset(folder.path(), 6).train.images.count == 3);
}
