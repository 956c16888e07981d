// What must hold whatever the input is.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace picovae::tests {

// Ends the fuzzer, naming what does not hold and of what.
inline void must(bool holds, const char* what, const char* of = "") {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s %s\n", what, of);
  std::abort();
}

}  // namespace picovae::tests
