// Gray pictures as PNG files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace picovae::tools {

struct GrayImage {
  std::size_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  // [height][width], 0 is black, 255 is white
  bool transparent = false;          // it was, in the file: some pixels depend on what is behind
};

// Writes `image` as an 8-bit gray PNG, whole or not at all.
void write_png(const std::filesystem::path& path, const GrayImage& image);

// Reads any PNG as 8-bit gray, to the nearest; transparent parts become black, the background of
// MNIST. Fails on damaged files and on more than 4096 pixels a side. The caller checks the size.
GrayImage read_png(const std::filesystem::path& path);

// The same in memory; `name` is the path for messages.
std::vector<std::byte> encode_png(const GrayImage& image, std::string_view name);
GrayImage decode_png(std::span<const std::byte> bytes, std::string_view name);

}  // namespace picovae::tools
