// What the programs of a board share: they stop at what fails, and say how long a call takes.
#pragma once

#include <cstdint>

#include "picovae/status.h"
#include "port.hpp"
#include "write.hpp"

namespace picovae::port {

inline void stop_unless_ok(Status status) {
  if (status == Status::kOk) return;
  write_decimal("failed: status ", static_cast<std::uint32_t>(status));
  exit(1);
}

// Runs `work` and writes how long it took, without the time to read the clock.
inline void measure(const char* key, Status (*work)()) {
  const std::uint32_t before = ticks();
  const std::uint32_t start = ticks();
  const Status status = work();
  const std::uint32_t end = ticks();
  stop_unless_ok(status);
  write_decimal(key, (end - start) - (start - before));
}

}  // namespace picovae::port
