#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/tools/temporary_folder.hpp"

namespace picovae::tests {

// Checks that no flipped bit of a file named FILE does more than an error of one line or another
// result: error_of(bytes) is the reader's message, "" if there is none.
template <typename ErrorOf>
void check_flipped_bits(const std::vector<std::byte>& whole, ErrorOf error_of) {
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto flipped = whole;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    CAPTURE(bit);
    const std::string message = error_of(flipped);
    const bool fine = message.empty() || is_one_line_about(message, "FILE");
    CHECK(fine);
  }
}

}  // namespace picovae::tests
