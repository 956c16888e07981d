// SIGINT and SIGTERM as a question that long work asks, instead of its end.
#pragma once

#include <csignal>

namespace picovae::tools {

// While one exists (at most one does), the first such signal is only noted; the next one ends the
// process. A signal that was ignored before, as under nohup, stays ignored.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The signal that came, or 0.
  static int caught();

 private:
  struct sigaction old_interrupt_ {};
  struct sigaction old_terminate_ {};
};

}  // namespace picovae::tools
