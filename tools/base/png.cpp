#include "tools/base/png.hpp"

#include <png.h>

#include <limits>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kMaxSide = 4096;
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

// libpng's picture, which frees its memory.
struct PngImage : png_image {
  PngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(this); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

// The picture on a background of that gray.
GrayImage decode_on(png_byte background, std::span<const std::byte> bytes, std::string_view name) {
  PngImage png;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) {
    fail("{}: cannot be read as PNG: {}; give a PNG picture", name, png.message);
  }
  if (png.width > kMaxSide || png.height > kMaxSide) {
    fail("{}: the picture has {} x {} pixels; at most {} each way are read", name, png.width,
         png.height, kMaxSide);
  }
  GrayImage image;
  image.transparent = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  image.width = png.width;
  image.height = png.height;
  image.pixels.resize(image.width * image.height);
  png.format = PNG_FORMAT_GRAY;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // as every other program takes 16-bit files
  const png_color color{background, background, background};
  if (png_image_finish_read(&png, &color, image.pixels.data(), 0, nullptr) == 0) {
    fail("{}: cannot be read as PNG: {}; give an undamaged picture", name, png.message);
  }
  return image;
}

}  // namespace

void write_png(const std::filesystem::path& path, const GrayImage& image) {
  write_file(path, encode_png(image, path.string()));
}

GrayImage read_png(const std::filesystem::path& path) {
  return decode_png(read_file(path, kMaxFileBytes), path.string());
}

std::vector<std::byte> encode_png(const GrayImage& image, std::string_view name) {
  constexpr std::size_t kMax = std::numeric_limits<std::int32_t>::max();
  if (image.width == 0 || image.height == 0 || image.width > kMax || image.height > kMax ||
      image.pixels.size() / image.width != image.height || image.pixels.size() % image.width != 0) {
    fail("{}: a picture of {} x {} with {} pixels cannot be written as PNG", name, image.width,
         image.height, image.pixels.size());
  }
  PngImage png;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_GRAY;
  // An upper bound, which PNG_IMAGE_PNG_SIZE_MAX computes in 32 bits: the rows with their filter
  // bytes, what zlib adds, and the chunks around them.
  const std::size_t raw = (image.width + 1) * image.height;
  png_alloc_size_t size = raw + raw / 1000 + (std::size_t{1} << 16);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) ==
      0) {
    fail("{}: cannot be written as PNG: {}", name, png.message);
  }
  bytes.resize(size);
  return bytes;
}

GrayImage decode_png(std::span<const std::byte> bytes, std::string_view name) {
  GrayImage image = decode_on(0, bytes, name);
  if (image.transparent) image.transparent = decode_on(255, bytes, name).pixels != image.pixels;
  return image;
}

}  // namespace picovae::tools
