// Reader and writer of IDX files, the format of MNIST: a big-endian magic number and sizes, then u8
// values. Files may be gzip-compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace picovae::tools {

struct Images {
  std::size_t count = 0;
  std::size_t rows = 0, cols = 0;    // of each image, in pixels
  std::vector<std::uint8_t> pixels;  // [count][rows * cols], 0 is background, 255 is full ink
};

// Of what is read from files of any form.
inline constexpr std::size_t kMaxDataBytes = std::size_t{1} << 30;  // of all images, or an array
inline constexpr std::size_t kMaxSide = 4096;                       // pixels of an image each way

// Returns the file that read_idx_* reads for `path`: `path`, or `path`.gz, or none.
std::optional<std::filesystem::path> find_idx(const std::filesystem::path& path);

// Reads an image file (magic 0x00000803). Fails if it is truncated, too long or empty, or if it
// needs more than 1 GiB.
Images read_idx_images(const std::filesystem::path& path);

// Reads a label file (magic 0x00000801) with the same checks; one u8 for each image.
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path);

// Writes an image file of pixels [count][rows * cols], whole or not at all.
void write_idx_images(const std::filesystem::path& path, std::span<const std::uint8_t> pixels,
                      std::size_t rows, std::size_t cols);

// Writes a label file.
void write_idx_labels(const std::filesystem::path& path, std::span<const std::uint8_t> labels);

}  // namespace picovae::tools
