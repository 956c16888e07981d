// How the tools fail: one exception type, which main() turns into one line and exit status 1.
// (Misuse of the command line is another type and ends with exit status 2.)
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace picovae::tools {

// what() is the whole line that the user sees: the file, what is wrong, and what to do about it.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Work that a signal ended; the exit status is that of shells, 128 + signal.
struct Interrupted : Error {
  explicit Interrupted(int number, const std::string& message = "interrupted")
      : Error(message), signal(number) {}
  int signal;
};

// Throws Error with a formatted message.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> message, Args&&... args) {
  throw Error(fmt::format(message, std::forward<Args>(args)...));
}

// The command line is not what --help says, or contradicts itself: exit status 2.
struct Misuse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace picovae::tools
