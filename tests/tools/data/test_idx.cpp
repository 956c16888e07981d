#include "tools/data/idx.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/data/idx_files.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/data/input_file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

std::string image_error(const fs::path& path, const Bytes& bytes) {
  save(path, bytes);
  return message_of([&] { read_idx_images(path); });
}

std::string label_error(const fs::path& path, const Bytes& bytes) {
  save(path, bytes);
  return message_of([&] { read_idx_labels(path); });
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

TEST_CASE("bytes after the compressed data are refused; another gzip member is read") {
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

TEST_CASE("a compressed file that expands is read as far as its header promises") {
  const TemporaryFolder folder;
  const auto path = folder / "a.gz";
  Bytes bomb = label_file(1000, 1000);
  bomb.resize(std::size_t{64} << 20);  // 64 KiB on disk
  save_gz(path, bomb);
  CHECK(contains(message_of([&] { read_idx_labels(path); }), "beyond the 1008"));
}

TEST_CASE("a file that becomes shorter while it is read is an error") {
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
  // 2^32 - 1 images of 2^24 pixels, and the largest count that is accepted, without the bytes.
  CHECK(contains(image_error(path, image_file(0xffffffff, 4096, 4096, 4)), "bytes are read"));
  CHECK(contains(image_error(path, image_file(64, 4096, 4096, 4)), "promises 1073741840 bytes"));
  CHECK(contains(label_error(path, label_file(0xffffffff, 4)), "bytes are read"));
  CHECK(contains(image_error(path, image_file(2, 2, 2, 9)), "beyond the 24"));
  CHECK(contains(label_error(path, label_file(2, 3)), "beyond the 10"));
  CHECK(contains(message_of([&] { read_idx_images(folder.path()); }), "is a folder"));
  CHECK(is_one_line_about(message_of([&] { read_idx_images(folder / "b"); }), folder / "b"));
}
