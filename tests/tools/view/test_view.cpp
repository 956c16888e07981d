#include <doctest/doctest.h>
#include <fcntl.h>
#include <png.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/view/ascii.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/png.hpp"
#include "tools/view/progress.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

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

// What arrives at the other end of `descriptor` within a moment.
std::string drain(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  for (;;) {
    const auto count = ::read(descriptor, buffer.data(), buffer.size());
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
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
  const auto whole = encode_png(ramp(5, 5), "FILE");
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto flipped = whole;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    CAPTURE(bit);
    const auto message = message_of([&] { decode_png(flipped, "FILE"); });
    const bool fine = message.empty() || is_one_line_about(message, "FILE");
    CHECK(fine);
  }
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

TEST_CASE("a grid puts every pixel in its place") {
  // Three images of 3 x 2 in two columns, each pixel with a value of its own.
  Pixels images(3 * 6);
  std::iota(images.begin(), images.end(), std::uint8_t{1});
  const GridStyle style{.columns = 2, .scale = 3, .margin = 2, .background = 99};
  const GrayImage grid = compose_grid(images, 3, 2, style);
  REQUIRE(grid.width == 2 + 2 * (9 + 2));
  REQUIRE(grid.height == 2 + 2 * (6 + 2));
  REQUIRE(grid.pixels.size() == grid.width * grid.height);
  for (std::size_t y = 0; y < grid.height; ++y) {
    for (std::size_t x = 0; x < grid.width; ++x) {
      const std::size_t column = x / 11, row = y / 8;
      const std::size_t inner_x = x % 11, inner_y = y % 8;
      const std::size_t i = row * 2 + column;
      const bool ink = inner_x >= 2 && inner_y >= 2 && i < 3;
      const unsigned wanted =
          ink ? static_cast<unsigned>(i * 6 + (inner_y - 2) / 3 * 3 + (inner_x - 2) / 3 + 1) : 99;
      CAPTURE(x);
      CAPTURE(y);
      CHECK(unsigned{grid.pixels[y * grid.width + x]} == wanted);
    }
  }
}

TEST_CASE("grids at the edge") {
  const GrayImage one = compose_grid(Pixels(4, 5), 2, 2, {.columns = 10, .scale = 1, .margin = 0});
  CHECK(one.width == 2);
  CHECK(one.height == 2);
  CHECK(one.pixels == Pixels(4, 5));
  CHECK(!message_of([] { compose_grid(Pixels(5), 2, 2); }).empty());
  CHECK(!message_of([] { compose_grid(Pixels(), 2, 2); }).empty());
  CHECK(!message_of([] { compose_grid(Pixels(4), 2, 2, {.columns = 0}); }).empty());
  CHECK(!message_of([] { compose_grid(Pixels(4), 2, 2, {.scale = 0}); }).empty());
  CHECK(
      contains(message_of([] { compose_grid(Pixels(60'000), 1, 1, {.columns = 1, .scale = 99}); }),
               "ask for fewer images"));
}

TEST_CASE("ASCII drawing") {
  // 3 x 3: dark, half, bright columns; the last row has no partner and is drawn half as bright.
  const Pixels image{0, 128, 255, 0, 128, 255, 0, 128, 255};
  CHECK(render_text(image, 3, 3, 80) == " +@\n :+\n");
  Pixels two(image);
  two.insert(two.end(), image.begin(), image.end());
  CHECK(render_text(two, 3, 3, 7) == " +@  +@\n :+  :+\n");
  CHECK(render_text(two, 3, 3, 6) == " +@\n :+\n\n +@\n :+\n");
  CHECK(render_text(two, 3, 3, 1) == " +@\n :+\n\n +@\n :+\n");
  CHECK(render_text({}, 3, 3, 80).empty());
  CHECK(!message_of([&] { render_text(two, 3, 4, 80); }).empty());
  const auto digit = render_text(Pixels(784), 28, 28, 80);
  CHECK(digit.size() == 14 * 29);
}

TEST_CASE("block drawing") {
  CHECK(render_text(Pixels{0, 255}, 1, 2, 80, TextStyle::kBlocks) ==
        "\x1b[38;5;232;48;5;255m\xe2\x96\x80\x1b[0m\n");
}

TEST_CASE("the text of a progress bar") {
  CHECK(progress_line("train", 0, 4, 1, "", 80) == "train [                        ]   0%");
  CHECK(progress_line("train", 1, 4, 10, "", 80) ==
        "train [######                  ]  25%  0:30 left");
  CHECK(progress_line("train", 4, 4, 10, "loss 99.2", 80) ==
        "train [########################] 100%  loss 99.2");
  CHECK(progress_line("train", 1, 3601, 2, "", 80).ends_with("2:00:00 left"));
  CHECK(progress_line("train", 9, 4, 1, "", 80) == progress_line("train", 4, 4, 1, "", 80));
  CHECK(contains(progress_line("train", 0, 0, 1, "", 80), "100%"));
  CHECK(progress_line("train", 1, 4, 1, "", 10) == "train [###");
}

TEST_CASE("a progress bar is silent where there is no terminal") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  {
    Progress progress("work", 10, ends[1]);
    progress.update(5);
  }
  CHECK(drain(ends[0]).empty());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a progress bar draws at most ten times a second and clears its line") {
  const int control = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(control >= 0);
  REQUIRE(::grantpt(control) == 0);
  REQUIRE(::unlockpt(control) == 0);
  const int terminal = ::open(::ptsname(control), O_RDWR | O_NOCTTY | O_NONBLOCK);
  REQUIRE(terminal >= 0);
  {
    Progress progress("work", 1000, terminal);
    for (std::size_t i = 0; i < 1000; ++i) progress.update(i, "tail");
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.update(500, "half");
    const auto text = drain(control);
    CHECK(text.starts_with("\rwork ["));
    CHECK(contains(text, " 50%  half\x1b[K"));
    CHECK(occurrences(text, "\r") <= 3);
    CHECK(occurrences(text, "\r") >= 2);
    CHECK(!contains(text, "\n"));
  }
  CHECK(drain(control) == "\r\x1b[K");
  { const Progress unused("work", 1000, terminal); }
  CHECK(drain(control).empty());
  ::close(terminal);
  ::close(control);
}
