// What a user should know though nothing failed: one line on standard error.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <utility>

namespace picovae::tools {

template <typename... Args>
void notice(fmt::format_string<Args...> text, Args&&... args) {
  fmt::print(stderr, "picovae: {}\n", fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace picovae::tools
