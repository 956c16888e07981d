#include "tools/data/idx_source.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/tools/data/idx_files.hpp"
#include "tests/tools/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

// A half of so many images of 2 x 3 pixels, under these names.
void save_half(const fs::path& images, const fs::path& labels, std::uint32_t count) {
  save_gz(images.string() + ".gz", image_file(count, 2, 3, std::size_t{count} * 6));
  save_gz(labels.string() + ".gz", label_file(count, count));
}

// Both halves, after this prefix.
void save_dataset(const fs::path& folder, const std::string& prefix, std::uint32_t count) {
  fs::create_directories(folder);
  for (const char* half : {"train", "t10k"}) {
    save_half(folder / (prefix + half + "-images-idx3-ubyte"),
              folder / (prefix + half + "-labels-idx1-ubyte"), count);
  }
}

std::size_t count_of(const fs::path& path) {
  const auto source = find_idx_source(path);
  return source ? source->load(Split::kTrain, {}).images.count : 0;
}

}  // namespace

TEST_CASE("data sets have a prefix or none") {
  const TemporaryFolder folder;
  CHECK(find_idx_source(folder.path()) == nullptr);
  save_half(folder / "letters-train-images-idx3-ubyte", folder / "letters-train-labels-idx1-ubyte",
            4);
  save_half(folder / "letters-test-images-idx3-ubyte", folder / "letters-test-labels-idx1-ubyte",
            3);
  // The only data set of a folder needs no prefix.
  CHECK(count_of(folder.path()) == 4);
  save_half(folder / "kuzushi-train-images.idx3-ubyte", folder / "kuzushi-train-labels.idx1-ubyte",
            5);
  save_half(folder / "kuzushi-t10k-images.idx3-ubyte", folder / "kuzushi-t10k-labels.idx1-ubyte",
            2);
  CHECK(count_of(folder / "letters") == 4);
  const auto kuzushi = find_idx_source(folder / "kuzushi");
  CHECK(kuzushi->files().size() == 4);
  CHECK(kuzushi->load(Split::kTrain, {}).images.count == 5);
  CHECK(kuzushi->load(Split::kTest, {}).labels.size() == 2);
  CHECK(find_idx_source(folder / "kuz") == nullptr);

  const auto message = message_of([&] { find_idx_source(folder.path()); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(
      message, "choose " + (folder / "kuzushi").string() + " or " + (folder / "letters").string()));
  fs::remove(folder / "kuzushi-t10k-images.idx3-ubyte.gz");
  CHECK(!kuzushi->has_test());
  const auto half = message_of([&] { kuzushi->load(Split::kTest, {}); });
  CHECK(is_one_line_about(half, folder / "kuzushi-t10k-images-idx3-ubyte"));
  // Among others, MNIST is chosen by the folder.
  save_dataset(folder.path(), "", 7);
  CHECK(count_of(folder.path()) == 7);
}

TEST_CASE("the folders of torchvision and of EMNIST's archive") {
  const TemporaryFolder folder;
  save_dataset(folder / "MNIST/raw", "", 3);
  for (const char* path : {"", ".", "MNIST", "MNIST/raw"}) {
    CAPTURE(path);
    CHECK(count_of(folder / path) == 3);
  }
  save_dataset(folder / "FashionMNIST/raw", "", 4);
  CHECK(count_of(folder / "FashionMNIST") == 4);
  const auto message = message_of([&] { find_idx_source(folder.path()); });
  CHECK(is_one_line_about(message, folder.path()));
  CHECK(contains(message, "choose " + (folder / "FashionMNIST").string() + " or " +
                              (folder / "MNIST").string()));
  save_dataset(folder / "emnist/gzip", "emnist-digits-", 5);
  CHECK(count_of(folder / "emnist") == 5);
  save_dataset(folder / "emnist/gzip", "emnist-letters-", 6);
  CHECK(count_of(folder / "emnist/gzip/emnist-letters") == 6);
}

TEST_CASE("images are as they are stored, whatever the data set is called") {
  const TemporaryFolder folder;
  save_dataset(folder.path(), "emnist-letters-", 1);
  const Images images = find_idx_source(folder.path())->load(Split::kTrain, {}).images;
  CHECK(images.rows == 2);
  CHECK(images.pixels == Bytes{1, 2, 3, 4, 5, 6});
}

TEST_CASE("one file of images has the labels beside it") {
  const TemporaryFolder folder;
  save_dataset(folder.path(), "letters-", 3);
  const IdxFileSource source(folder / "letters-t10k-images-idx3-ubyte.gz");
  CHECK(source.files().size() == 2);
  CHECK(!source.has_test());
  CHECK(source.load(Split::kTrain, {}).labels.size() == 3);
  fs::remove(folder / "letters-t10k-labels-idx1-ubyte.gz");
  CHECK(source.load(Split::kTest, {}).labels.empty());
  save(folder / "any", image_file(1, 2, 3, 6));
  CHECK(IdxFileSource(folder / "any").load(Split::kTest, {}).images.count == 1);
}
