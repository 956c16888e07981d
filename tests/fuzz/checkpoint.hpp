// The training that fuzz_checkpoint goes on with, and checkpoints of it.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/shape.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tests {

inline constexpr Dimensions kCheckpointShape{6, 4, 3, 2};

inline tools::Recipe checkpoint_recipe() {
  tools::Recipe recipe;
  recipe.epochs = 3;
  recipe.batch = 2;
  return recipe;
}

// Five: the last minibatch is a smaller one.
inline std::vector<std::uint8_t> checkpoint_images() {
  std::vector<std::uint8_t> images;
  for (std::size_t i = 0; i < 5 * std::size_t{kCheckpointShape.pixels}; ++i) {
    images.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  }
  return images;
}

// Sets the checksum of a file that has a place for one, as whoever writes such a file would.
inline void mend_checkpoint(std::span<std::byte> file) {
  constexpr std::string_view kKey = "\"picovae.checksum\":\"";
  constexpr std::size_t kDigits = 8;
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const std::size_t key = text.find(kKey);
  if (key == text.npos || text.size() - key < kKey.size() + kDigits) return;
  const std::size_t digits = key + kKey.size();
  const std::uint32_t before = crc32c(std::as_bytes(file.first(digits)));
  const std::string crc =
      fmt::format("{:08x}", crc32c(std::as_bytes(file.subspan(digits + kDigits)), before));
  std::transform(crc.begin(), crc.end(), file.begin() + static_cast<std::ptrdiff_t>(digits),
                 [](char c) { return static_cast<std::byte>(c); });
}

}  // namespace picovae::tests
