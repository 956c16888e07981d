// Builds with PICOVAE_PNG=OFF and PICOVAE_NPZ=OFF, by the files that stand in for libpng, zlib and
// libzip.
#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/base/png.hpp"
#include "tools/data/idx.hpp"
#include "tools/data/input_file.hpp"
#include "tools/data/npz.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

void save(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  write_file(path, std::as_bytes(std::span(bytes)));
}

}  // namespace

TEST_CASE("without zlib a plain file is read to its end") {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> bytes(300'000);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  save(folder / "a", bytes);
  InputFile file(folder / "a");
  std::vector<std::uint8_t> found(bytes.size() + 1);
  CHECK(file.read(found.data(), 7) == 7);
  CHECK(file.offset() == 7);
  CHECK(file.read(found.data() + 7, found.size() - 7) == bytes.size() - 7);
  CHECK(file.offset() == bytes.size());
  found.pop_back();
  CHECK(found == bytes);
}

TEST_CASE("without zlib labels are read, and files of a wrong length refused") {
  const TemporaryFolder folder;
  save(folder / "labels", {0, 0, 8, 1, 0, 0, 0, 2, 7, 9});
  CHECK(read_idx_labels(folder / "labels") == std::vector<std::uint8_t>{7, 9});
  save(folder / "labels", {0, 0, 8, 1, 0, 0, 0, 2, 7});
  CHECK(contains(message_of([&] { read_idx_labels(folder / "labels"); }), "ends at byte 9"));
}

TEST_CASE("without zlib a compressed file, a folder and a missing file are refused") {
  const TemporaryFolder folder;
  save(folder / "labels.gz", {0x1F, 0x8B});
  const auto message = message_of([&] { read_idx_labels(folder / "labels"); });
  CHECK(is_one_line_about(message, folder / "labels.gz"));
  CHECK(contains(message, "without zlib"));
  CHECK(is_one_line_about(message_of([&] { read_idx_labels(folder.path()); }), folder.path()));
  CHECK(contains(message_of([&] { InputFile(folder / "none"); }), "cannot be opened"));
}

TEST_CASE("without libpng pictures are refused and nothing is written") {
  const TemporaryFolder folder;
  const GrayImage image{1, 1, {0}};
  const std::filesystem::path path = folder / "a.png";
  for (const auto& message :
       {message_of([&] { write_png(path, image); }), message_of([&] { read_png(path); }),
        message_of([&] { encode_png(image, path.string()); }),
        message_of([&] { decode_png({}, path.string()); })}) {
    CHECK(is_one_line_about(message, path));
    CHECK(contains(message, "without PNG"));
  }
  CHECK(folder.count() == 0);
}

TEST_CASE("without libzip a .npz is refused") {
  const auto message = message_of([] { NpzFile("a.npz"); });
  CHECK(is_one_line_about(message, "a.npz"));
  CHECK(contains(message, "np.save"));
}
