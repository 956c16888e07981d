#include "tools/data/idx.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/data/growing.hpp"
#include "tools/data/input_file.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::uint32_t kLabelsMagic = 0x00000801;

// The parts of an IDX file, one after another.
class Reader : public InputFile {
 public:
  using InputFile::InputFile;

  std::uint32_t read_u32(std::string_view what) {
    std::array<std::uint8_t, 4> bytes{};
    const std::size_t start = offset();
    if (read(bytes.data(), bytes.size()) != bytes.size()) {
      fail("{}: ends at byte {}, inside the {} at byte {}; fetch the file again", path(), offset(),
           what, start);
    }
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
           std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
  }

  void expect_magic(std::uint32_t magic, std::string_view what) {
    const std::uint32_t found = read_u32("magic number");
    if (found != magic) {
      fail("{}: the magic number at byte 0 is 0x{:08x}, but a file of {} has 0x{:08x}", path(),
           found, what, magic);
    }
  }

  // Reads exactly `size` bytes, with which the file must end.
  std::vector<std::uint8_t> read_rest(std::size_t size) {
    const std::size_t header = offset();
    auto values = read_growing(
        size, path(), [&](std::uint8_t* to, std::size_t count) { return read(to, count); });
    if (values.size() != size) {
      fail("{}: ends at byte {}, but its header promises {} bytes; fetch the file again", path(),
           offset(), header + size);
    }
    std::uint8_t extra = 0;
    if (read(&extra, 1) != 0) {
      fail("{}: has bytes beyond the {} that its header promises; fetch the file again", path(),
           header + size);
    }
    return values;
  }
};

fs::path existing(const fs::path& path) {
  const auto found = find_idx(path);
  if (!found) fail("{}: no such file, nor {}.gz", path.string(), path.string());
  return *found;
}

void write_idx(const fs::path& path, std::initializer_list<std::size_t> header,
               std::span<const std::uint8_t> values) {
  std::vector<std::byte> bytes;
  for (const std::size_t field : header) {
    for (const int shift : {24, 16, 8, 0}) {
      bytes.push_back(static_cast<std::byte>(field >> shift & 0xff));
    }
  }
  OutputFile file(path);
  file.write(bytes);
  file.write(std::as_bytes(values));
  file.commit();
}

}  // namespace

std::optional<fs::path> find_idx(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  fs::path compressed = path;
  compressed += ".gz";
  if (fs::exists(compressed, ignored)) return compressed;
  return std::nullopt;
}

Images read_idx_images(const fs::path& path) {
  Reader reader(existing(path));
  reader.expect_magic(kImagesMagic, "images");
  Images images;
  images.count = reader.read_u32("number of images");
  images.rows = reader.read_u32("number of rows");
  images.cols = reader.read_u32("number of columns");
  if (images.count == 0) fail("{}: holds no images; fetch the file again", reader.path());
  if (images.rows == 0 || images.cols == 0 || images.rows > kMaxSide || images.cols > kMaxSide) {
    fail("{}: says at byte 8 that images have {} x {} pixels; 1 to {} each way are possible",
         reader.path(), images.rows, images.cols, kMaxSide);
  }
  const std::size_t pixels = images.rows * images.cols;  // at most 2^24
  if (images.count > kMaxDataBytes / pixels) {
    fail("{}: says at byte 4 that it holds {} images of {} pixels; at most {} bytes are read",
         reader.path(), images.count, pixels, kMaxDataBytes);
  }
  images.pixels = reader.read_rest(images.count * pixels);
  return images;
}

std::vector<std::uint8_t> read_idx_labels(const fs::path& path) {
  Reader reader(existing(path));
  reader.expect_magic(kLabelsMagic, "labels");
  const std::size_t count = reader.read_u32("number of labels");
  if (count == 0) fail("{}: holds no labels; fetch the file again", reader.path());
  if (count > kMaxDataBytes) {
    fail("{}: says at byte 4 that it holds {} labels; at most {} bytes are read", reader.path(),
         count, kMaxDataBytes);
  }
  return reader.read_rest(count);
}

void write_idx_images(const fs::path& path, std::span<const std::uint8_t> pixels, std::size_t rows,
                      std::size_t cols) {
  write_idx(path, {kImagesMagic, pixels.size() / (rows * cols), rows, cols}, pixels);
}

void write_idx_labels(const fs::path& path, std::span<const std::uint8_t> labels) {
  write_idx(path, {kLabelsMagic, labels.size()}, labels);
}

}  // namespace picovae::tools
