// What the tools' readers may do with any bytes: return, or throw an Error of one short line.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "tools/base/error.hpp"

namespace picovae::tests {

template <typename Action>
void one_line_or_none(Action&& action) {
  constexpr std::size_t kLongest = 500;
  try {
    action();
  } catch (const tools::Error& error) {  // another exception ends the fuzzer
    const std::string_view text = error.what();
    if (text.empty() || text.size() > kLongest || text.find('\n') != std::string_view::npos) {
      std::abort();
    }
  }
}

}  // namespace picovae::tests
