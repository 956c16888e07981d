// Results that are bytes of a file must not depend on what the caller's thread has done to its
// floating point: a library that rounds otherwise, flushes subnormal numbers to zero, or traps.
#pragma once

#include <cfenv>

namespace picovae::tools {

// As long as it lives this thread, and each that it starts, rounds to nearest, keeps subnormal
// numbers and does not trap. In the end this thread has what it had.
class DefaultArithmetic {
 public:
  DefaultArithmetic() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultArithmetic() { std::fesetenv(&before_); }
  DefaultArithmetic(const DefaultArithmetic&) = delete;
  DefaultArithmetic& operator=(const DefaultArithmetic&) = delete;

 private:
  std::fenv_t before_;
};

}  // namespace picovae::tools
