// A progress bar for long work: one line of the terminal, drawn over and over.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace picovae::tools {

// Silent where `descriptor` is no terminal. Drawing never fails the work: errors of the terminal
// are ignored. For one thread.
class Progress {
 public:
  //   label  stands left of the bar
  //   total  what update() reaches when the work is done
  Progress(std::string label, std::size_t total, int descriptor = STDERR_FILENO);

  // Clears the line, so that what is printed next starts at a clean one.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Says that `done` of `total` are done; draws ten times a second at most, so calling it often is
  // cheap. `tail` (a loss, say) stands right of the bar in place of the time that is left.
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

// The text of one update: at most `width` characters, without any control character.
//   seconds  since the work began
std::string progress_line(std::string_view label, std::size_t done, std::size_t total,
                          double seconds, std::string_view tail, std::size_t width);

}  // namespace picovae::tools
