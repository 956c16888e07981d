// A progress bar for long work: one line of the terminal.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace picovae::tools {

// Draws nothing if `descriptor` is not a terminal. Errors of the terminal are ignored. For one
// thread.
class Progress {
 public:
  //   label  left of the bar
  //   total  what update() reaches when the work is done
  Progress(std::string label, std::size_t total, int descriptor = STDERR_FILENO);

  // Clears the line, for what is printed next.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows that `done` of `total` are done. Draws at most ten times a second, so frequent calls are
  // cheap. `tail`, such as a loss, is shown right of the bar in place of the time that is left.
  void update(std::size_t done, std::string_view tail = {});

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  std::size_t total_;
  int descriptor_;
  bool is_terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_;
};

// "1:23 left", or "2:00:00 left", if `part` of some work, 0 to 1, took `seconds`; empty if that
// says nothing yet, at 0.
std::string time_left(double part, double seconds);

// The text of one update: at most `width` characters, without control characters.
//   seconds  since the work began
std::string progress_line(std::string_view label, std::size_t done, std::size_t total,
                          double seconds, std::string_view tail, std::size_t width);

}  // namespace picovae::tools
