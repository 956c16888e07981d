#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/data/dataset.hpp"
#include "tools/data/idx.hpp"
#include "tools/data/input_file.hpp"
#include "tools/data/pixels.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

using Bytes = std::vector<std::uint8_t>;

void append_u32(Bytes& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

Bytes image_file(std::uint32_t count, std::uint32_t rows, std::uint32_t cols, std::size_t values) {
  Bytes bytes;
  for (const std::uint32_t word : {std::uint32_t{0x803}, count, rows, cols}) {
    append_u32(bytes, word);
  }
  bytes.resize(bytes.size() + values);
  std::iota(bytes.begin() + 16, bytes.end(), std::uint8_t{1});
  return bytes;
}

Bytes label_file(std::uint32_t count, std::size_t values) {
  Bytes bytes;
  append_u32(bytes, 0x801);
  append_u32(bytes, count);
  bytes.resize(bytes.size() + values, 7);
  return bytes;
}

void save(const fs::path& path, const Bytes& bytes) {
  write_file(path, std::as_bytes(std::span(bytes)));
}

void save_gz(const fs::path& path, const Bytes& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) ==
          static_cast<int>(bytes.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

std::string image_error(const fs::path& path, const Bytes& bytes) {
  save(path, bytes);
  return message_of([&] { read_idx_images(path); });
}

std::string label_error(const fs::path& path, const Bytes& bytes) {
  save(path, bytes);
  return message_of([&] { read_idx_labels(path); });
}

// A data set of 3 training and 2 test images with 2 x 3 pixels.
void save_dataset(const TemporaryFolder& folder) {
  save(folder / "train-images-idx3-ubyte", image_file(3, 2, 3, 18));
  save(folder / "train-labels-idx1-ubyte", label_file(3, 3));
  save_gz(folder / "t10k-images-idx3-ubyte.gz", image_file(2, 2, 3, 12));
  save_gz(folder / "t10k-labels-idx1-ubyte.gz", label_file(2, 2));
}

}  // namespace

TEST_CASE("IDX images and labels are read, plain and compressed") {
  const TemporaryFolder folder;
  const Bytes file = image_file(3, 2, 4, 24);
  save(folder / "plain", file);
  save_gz(folder / "packed.gz", file);
  for (const char* name : {"plain", "packed", "packed.gz"}) {
    CAPTURE(name);
    const Images images = read_idx_images(folder / name);
    CHECK(images.count == 3);
    CHECK(images.rows == 2);
    CHECK(images.cols == 4);
    CHECK(images.pixels == Bytes(file.begin() + 16, file.end()));
  }
  save_gz(folder / "labels.gz", label_file(5, 5));
  CHECK(read_idx_labels(folder / "labels") == Bytes(5, 7));
}

TEST_CASE("a plain file is preferred to a compressed one") {
  const TemporaryFolder folder;
  save(folder / "a", label_file(1, 1));
  save_gz(folder / "a.gz", label_file(2, 2));
  CHECK(read_idx_labels(folder / "a").size() == 1);
}

TEST_CASE("IDX files cut anywhere are refused") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  const Bytes images = image_file(2, 2, 2, 8);
  for (std::size_t size = 0; size < images.size(); ++size) {
    CAPTURE(size);
    const auto message = image_error(path, Bytes(images.begin(), images.begin() + long(size)));
    CHECK(is_one_line_about(message, path));
    CHECK(contains(message, "ends at byte " + std::to_string(size)));
  }
  const Bytes labels = label_file(3, 3);
  for (std::size_t size = 0; size < labels.size(); ++size) {
    const auto message = label_error(path, Bytes(labels.begin(), labels.begin() + long(size)));
    CHECK(contains(message, "ends at byte " + std::to_string(size)));
  }
}

TEST_CASE("compressed IDX files cut anywhere or damaged are refused") {
  const TemporaryFolder folder;
  const auto path = folder / "a.gz";
  save_gz(path, image_file(2, 2, 2, 8));
  const auto whole = read_file(path, 1000);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    write_file(path, std::span(whole).first(size));
    CHECK(is_one_line_about(message_of([&] { read_idx_images(path); }), path));
  }
  auto damaged = whole;
  damaged[whole.size() - 6] ^= std::byte{1};  // in the CRC
  write_file(path, damaged);
  CHECK(contains(message_of([&] { read_idx_images(path); }), "incorrect data check"));
}

TEST_CASE("bytes behind the compressed data are refused, another gzip member is more of it") {
  const TemporaryFolder folder;
  const auto path = folder / "a.gz";
  const Bytes file = label_file(6, 6);
  const auto packed = [&](Bytes part) {
    save_gz(path, part);
    const auto bytes = read_file(path, 1000);
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return Bytes(first, first + bytes.size());
  };
  const auto joined = [](Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  const Bytes whole = packed(file);
  for (const Bytes& garbage : {Bytes{0}, Bytes(100, 0), Bytes{'x'}, Bytes{0x1f},
                               Bytes{0x1f, 0x8b, 9}, Bytes(200'000, 1)}) {
    const auto message = label_error(path, joined(whole, garbage));
    CHECK(is_one_line_about(message, path));
    CHECK(contains(message, "compressed byte " + std::to_string(whole.size())) ==
          (garbage[0] != 0x1f));
  }
  const Bytes first(file.begin(), file.begin() + 9);
  const Bytes second(file.begin() + 9, file.end());
  save(path, joined(joined(packed(first), packed({})), packed(second)));
  CHECK(read_idx_labels(path) == Bytes(6, 7));
  CHECK(contains(label_error(path, joined(whole, packed(Bytes(1)))), "beyond the 14"));
}

TEST_CASE("a compressed file that swells is read as far as its header promises") {
  const TemporaryFolder folder;
  const auto path = folder / "a.gz";
  Bytes bomb = label_file(1000, 1000);
  bomb.resize(std::size_t{64} << 20);  // 64 KiB on disk
  save_gz(path, bomb);
  CHECK(contains(message_of([&] { read_idx_labels(path); }), "beyond the 1008"));
}

TEST_CASE("a file that loses its end while it is read is an error") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  const Bytes file = label_file(500'000, 500'000);
  save(path, file);
  InputFile input(path);
  Bytes values(file.size());
  REQUIRE(input.read(values.data(), 100) == 100);
  fs::resize_file(path, 200'000);
  CHECK(input.read(values.data(), values.size()) == 200'000 - 100);
  // One that is removed stays readable by those who have it open.
  save(path, file);
  InputFile removed(path);
  fs::remove(path);
  CHECK(removed.read(values.data(), values.size()) == file.size());
}

TEST_CASE("IDX files with a wrong header are refused") {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  CHECK(contains(image_error(path, label_file(20, 20)), "magic number at byte 0 is 0x00000801"));
  CHECK(
      contains(label_error(path, image_file(1, 1, 1, 1)), "magic number at byte 0 is 0x00000803"));
  CHECK(contains(image_error(path, image_file(0, 2, 2, 0)), "holds no images"));
  CHECK(contains(label_error(path, label_file(0, 0)), "holds no labels"));
  CHECK(contains(image_error(path, image_file(1, 0, 2, 0)), "0 x 2 pixels"));
  CHECK(contains(image_error(path, image_file(1, 2, 5000, 0)), "2 x 5000 pixels"));
  CHECK(contains(image_error(path, image_file(1, 65536, 65536, 0)), "65536 x 65536 pixels"));
  // 2^32 - 1 images of 2^24 pixels, and the largest count that is believed but not there.
  CHECK(contains(image_error(path, image_file(0xffffffff, 4096, 4096, 4)), "are refused"));
  CHECK(contains(image_error(path, image_file(64, 4096, 4096, 4)), "promises 1073741840 bytes"));
  CHECK(contains(label_error(path, label_file(0xffffffff, 4)), "are refused"));
  CHECK(contains(image_error(path, image_file(2, 2, 2, 9)), "beyond the 24"));
  CHECK(contains(label_error(path, label_file(2, 3)), "beyond the 10"));
  CHECK(contains(message_of([&] { read_idx_images(folder.path()); }), "is a folder"));
  CHECK(is_one_line_about(message_of([&] { read_idx_images(folder / "b"); }), folder / "b"));
}

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
  CHECK(contains(message, "run tools/fetch_mnist.sh " + folder.path().string()));
}

TEST_CASE("data sets that do not fit are refused") {
  const TemporaryFolder folder;
  save_dataset(folder);
  CHECK(contains(message_of([&] { load_split(folder.path(), Split::kTest, 784); }),
                 "2 x 3 = 6 pixels, but the model wants 784"));
  save(folder / "train-labels-idx1-ubyte", label_file(4, 4));
  CHECK(contains(message_of([&] { load_split(folder.path(), Split::kTrain, 6); }),
                 "4 labels for the 3 images"));
  const auto missing = folder / "missing";
  const auto message = message_of([&] { load_split(missing, Split::kTest, 6); });
  CHECK(is_one_line_about(message, missing));
  CHECK(contains(message, "run tools/fetch_mnist.sh"));
  CHECK(contains(message_of([&] { load_dataset(folder / "train-labels-idx1-ubyte", 6); }),
                 "is not a folder"));
}

TEST_CASE("other data sets go by other names") {
  const TemporaryFolder folder;
  const auto save_half = [&](const std::string& images, const std::string& labels, int count) {
    const auto n = static_cast<std::uint32_t>(count);
    save_gz(folder / (images + ".gz"), image_file(n, 2, 3, static_cast<std::size_t>(count) * 6));
    save_gz(folder / (labels + ".gz"), label_file(n, static_cast<std::size_t>(count)));
  };
  save_half("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte", 4);
  save_half("emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte", 3);
  // The only one in its folder needs no name.
  CHECK(load_dataset(folder.path(), 6).train.images.count == 4);
  save_half("kuzushi-train-images.idx3-ubyte", "kuzushi-train-labels.idx1-ubyte", 5);
  save_half("kuzushi-t10k-images.idx3-ubyte", "kuzushi-t10k-labels.idx1-ubyte", 2);

  const Dataset letters = load_dataset(folder / "emnist-letters", 6);
  CHECK(letters.train.images.count == 4);
  CHECK(letters.test.images.count == 3);
  const Dataset kuzushi = load_dataset(folder / "kuzushi", 6);
  CHECK(kuzushi.train.images.count == 5);
  CHECK(kuzushi.test.labels.size() == 2);
  // EMNIST is stored column by column, and comes upright.
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
  fs::remove(folder / "kuzushi-t10k-labels.idx1-ubyte.gz");
  const auto half = message_of([&] { load_dataset(folder / "kuzushi", 6); });
  CHECK(is_one_line_about(half, folder / "kuzushi-t10k-labels-idx1-ubyte"));
  // MNIST among others has no other name to be chosen by.
  save_dataset(folder);
  CHECK(load_dataset(folder.path(), 6).train.images.count == 3);
}

TEST_CASE("pixel modes") {
  CHECK(pixel_value(0, PixelMode::kGray, 0) == 0.0F);
  CHECK(pixel_value(51, PixelMode::kGray, 0) == 0.2F);
  CHECK(pixel_value(255, PixelMode::kGray, 0) == 1.0F);
  CHECK(pixel_value(127, PixelMode::kBinary, 0) == 0.0F);
  CHECK(pixel_value(128, PixelMode::kBinary, 0) == 1.0F);
  // The extremes of the uniform number never turn paper to ink or ink to paper.
  CHECK(pixel_value(0, PixelMode::kStochastic, 0) == 0.0F);
  CHECK(pixel_value(255, PixelMode::kStochastic, 0xffffffff) == 1.0F);
  CHECK(pixel_value(1, PixelMode::kStochastic, 0) == 1.0F);
  CHECK(pixel_value(254, PixelMode::kStochastic, 0xffffffff) == 0.0F);
  for (const unsigned p : {1U, 85U, 128U, 254U}) {
    unsigned ink = 0;
    constexpr unsigned kSteps = 255 * 16;
    for (std::uint64_t i = 0; i < kSteps; ++i) {
      const auto uniform = static_cast<std::uint32_t>(((2 * i + 1) << 31) / kSteps);
      ink += pixel_value(static_cast<std::uint8_t>(p), PixelMode::kStochastic, uniform) > 0 ? 1 : 0;
    }
    CHECK(ink == p * 16);
  }
}

TEST_CASE("pixel modes have names") {
  for (const auto& [name, mode] : kPixelModes) CHECK(name_of(kPixelModes, mode) == name);
}
