// .npy files, in which NumPy saves an array: a header that says type and shape, then the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/data/idx.hpp"

namespace picovae::tools {

// More of a file is not read. A header is shorter than the rest of it.
inline constexpr std::size_t kMaxNpyBytes = kMaxDataBytes + (std::size_t{1} << 16);

struct NpyArray {
  char kind = 'u';            // b: bool; i, u: integers; f: floats
  std::size_t item_size = 1;  // bytes: 1 of bool; 1, 2, 4, 8 of integers; 4, 8 of floats
  bool big_endian = false;
  bool fortran_order = false;      // the first index changes fastest
  std::vector<std::size_t> shape;  // their product is the number of values
  std::span<const std::byte> data;
};

// Finds type, shape and values in the bytes of a file, of which the array's `data` is a part.
// Fails if it is none, is cut or too long, holds other types, or more than kMaxDataBytes.
//   name  for messages
NpyArray parse_npy(std::span<const std::byte> bytes, std::string_view name);

// The images of an array [N, D], D a square number, [N, H, W], [N, 1, H, W] or [N, H, W, 1], from 1
// to 4096 pixels each way.
//   integers    0 to 255; bool, and integers that are all 0 or 1: 1 is 255
//   f32, f64    0 to 1, of which 1 is 255, if no value is above 1; else 0 to 255. To the nearest.
// Says in a notice what it took 1 for. Fails if a value is outside, or is no number.
//   file  the bytes of a .npy file, which become the pixels where they are them
Images images_of(std::vector<std::uint8_t> file, std::string_view name);

// The labels of an array [N] or [N, 1]: whole numbers 0 to 255 of any type.
std::vector<std::uint8_t> labels_of(std::span<const std::uint8_t> file, std::string_view name);

}  // namespace picovae::tools
