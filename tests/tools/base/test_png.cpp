#include "tools/base/png.hpp"

#include <doctest/doctest.h>
#include <png.h>
#include <zlib.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "tests/tools/flipped_bits.hpp"
#include "tests/tools/temporary_folder.hpp"

using namespace picovae::tools;
using namespace picovae::tests;

namespace {

using Pixels = std::vector<std::uint8_t>;

GrayImage ramp(std::size_t width, std::size_t height) {
  GrayImage image{width, height, Pixels(width * height)};
  std::iota(image.pixels.begin(), image.pixels.end(), std::uint8_t{0});
  return image;
}

// A PNG of another kind than the tools write.
std::vector<std::byte> png_of(std::uint32_t format, std::uint32_t width, std::uint32_t height,
                              const void* pixels) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = width;
  png.height = height;
  png.format = format;
  png_alloc_size_t size = 1 << 20;
  std::vector<std::byte> bytes(size);
  REQUIRE(png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels, 0, nullptr) != 0);
  bytes.resize(size);
  return bytes;
}

}  // namespace

TEST_CASE("PNG round trip") {
  const TemporaryFolder folder;
  const auto path = folder / "a.png";
  for (const auto& image : {ramp(28, 28), ramp(1, 1), ramp(300, 7), ramp(256, 256)}) {
    write_png(path, image);
    const GrayImage back = read_png(path);
    CHECK(back.width == image.width);
    CHECK(back.height == image.height);
    CHECK(back.pixels == image.pixels);
  }
  CHECK(folder.count() == 1);
}

TEST_CASE("PNG files of other kinds become gray") {
  const Pixels rgba{0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 128, 128, 128, 255};
  const auto color = decode_png(png_of(PNG_FORMAT_RGBA, 2, 2, rgba.data()), "FILE");
  CHECK(color.pixels == Pixels{0, 255, 0, 128});  // white that cannot be seen is black
  const std::vector<std::uint16_t> linear{0, 65535};
  const auto deep = decode_png(png_of(PNG_FORMAT_LINEAR_Y, 2, 1, linear.data()), "FILE");
  CHECK(deep.pixels == Pixels{0, 255});
}

TEST_CASE("a picture is transparent if one can see it") {
  const auto of = [](Pixels rgba) {
    return decode_png(png_of(PNG_FORMAT_RGBA, 2, 1, rgba.data()), "FILE");
  };
  CHECK(!of({0, 0, 0, 255, 9, 9, 9, 255}).transparent);  // has an alpha channel
  CHECK(of({0, 0, 0, 255, 9, 9, 9, 254}).transparent);
  CHECK(of({0, 0, 0, 0, 9, 9, 9, 255}).transparent);
  CHECK(of({255, 255, 255, 128, 0, 0, 0, 255}).pixels[1] == 0);
  const auto gray = decode_png(png_of(PNG_FORMAT_GRAY, 2, 1, Pixels{1, 2}.data()), "FILE");
  CHECK(!gray.transparent);
}

TEST_CASE("16-bit PNG files are rounded to the nearest") {
  const std::vector<std::uint16_t> values{128, 129, 257 * 7 + 128, 257 * 7 + 129, 65406, 65407};
  const auto chunk = [](const std::string& kind, const std::string& content) {
    std::string bytes;
    const auto put = [&](std::uint32_t value) {
      for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift & 0xff);
    };
    put(static_cast<std::uint32_t>(content.size()));
    const std::string checked = kind + content;
    bytes += checked;
    put(static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
                                         static_cast<unsigned>(checked.size()))));
    return bytes;
  };
  std::string row(1, '\0');  // no filter
  for (const std::uint16_t value : values) {
    row += static_cast<char>(value >> 8);
    row += static_cast<char>(value & 0xff);
  }
  std::string packed(100, '\0');
  uLongf size = packed.size();
  REQUIRE(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                   reinterpret_cast<const Bytef*>(row.data()), row.size()) == Z_OK);
  packed.resize(size);
  const std::string file = "\x89PNG\r\n\x1a\n" +
                           chunk("IHDR", std::string("\0\0\0\6\0\0\0\1\x10\0\0\0\0", 13)) +
                           chunk("IDAT", packed) + chunk("IEND", "");
  CHECK(decode_png(std::as_bytes(std::span(file)), "FILE").pixels == Pixels{0, 1, 7, 8, 254, 255});
}

TEST_CASE("16-bit PNG files that do not say how they are encoded are taken as sRGB") {
  const std::vector<std::uint16_t> values{0, 0x8080, 0xffff};
  auto bytes = png_of(PNG_FORMAT_LINEAR_Y, 3, 1, values.data());
  const auto linear = decode_png(bytes, "FILE").pixels;
  CHECK(linear[1] > 180);  // gAMA says linear: one half of the light is 188 in sRGB
  CHECK(linear[1] < 192);
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const char* name : {"gAMA", "cHRM"}) {
    const auto at = text.find(name);
    if (at == std::string::npos) continue;
    const auto length = static_cast<unsigned char>(text[at - 1]);  // the lowest of four bytes
    text.erase(at - 4, 12U + length);
  }
  CHECK(decode_png(std::as_bytes(std::span(text)), "FILE").pixels == Pixels{0, 128, 255});
}

TEST_CASE("PNG files cut anywhere are refused, but for the end mark") {
  const auto image = ramp(28, 28);
  const auto whole = encode_png(image, "FILE");
  constexpr std::size_t kEndMark = 12;  // holds nothing, and libpng does not read as far
  for (std::size_t size = 0; size < whole.size() - kEndMark; ++size) {
    CAPTURE(size);
    const auto part = std::span(whole).first(size);
    CHECK(is_one_line_about(message_of([&] { decode_png(part, "FILE"); }), "FILE"));
  }
  const auto unended = std::span(whole).first(whole.size() - kEndMark);
  CHECK(decode_png(unended, "FILE").pixels == image.pixels);
}

TEST_CASE("no flipped bit in a PNG does more than an error or other pixels") {
  check_flipped_bits(encode_png(ramp(5, 5), "FILE"), [](const auto& bytes) {
    return message_of([&] { decode_png(bytes, "FILE"); });
  });
}

TEST_CASE("PNG files that are too large or none at all are refused") {
  const auto wide = encode_png({4097, 1, Pixels(4097)}, "FILE");
  CHECK(contains(message_of([&] { decode_png(wide, "FILE"); }), "4097 x 1 pixels; at most 4096"));
  const auto high = encode_png({1, 4097, Pixels(4097)}, "FILE");
  CHECK(contains(message_of([&] { decode_png(high, "FILE"); }), "1 x 4097 pixels"));
  const std::string text = "this is no picture";
  CHECK(is_one_line_about(message_of([&] { decode_png(std::as_bytes(std::span(text)), "FILE"); }),
                          "FILE"));
  CHECK(is_one_line_about(message_of([] { read_png("/missing.png"); }), "/missing.png"));
}

TEST_CASE("a picture without matching pixels is not written") {
  const TemporaryFolder folder;
  for (const auto& image : {GrayImage{2, 2, Pixels(5)}, GrayImage{0, 0, {}}, GrayImage{3, 1, {}}}) {
    const auto message = message_of([&] { write_png(folder / "a", image); });
    CHECK(is_one_line_about(message, folder / "a"));
  }
  CHECK(folder.count() == 0);
}
