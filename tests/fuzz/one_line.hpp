// What the tools' readers may do with any bytes: return, or throw an Error of one short line.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "tools/base/error.hpp"

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define PICOVAE_MSAN 1
#include <sanitizer/msan_interface.h>
#endif
#endif

namespace picovae::tests {

template <typename Action>
void one_line_or_none(Action&& action) {
  constexpr std::size_t kLongest = 500;
  try {
    action();
  } catch (const tools::Error& error) {  // another exception ends the fuzzer
#if defined(PICOVAE_MSAN)
    __msan_unpoison_string(error.what());  // the C++ library's object code wrote its end
#endif
    const std::string_view text = error.what();
    if (text.empty() || text.size() > kLongest || text.find('\n') != std::string_view::npos) {
      std::abort();
    }
  }
}

}  // namespace picovae::tests
