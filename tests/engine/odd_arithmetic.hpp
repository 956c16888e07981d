// Floating-point environments that a thread may have: other roundings, subnormal numbers flushed
// to zero, traps.
#pragma once

#include <cfenv>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace picovae::tests {

// body() in each of them; then the thread has its own again.
template <typename Body>
void in_odd_arithmetic(Body body) {
  std::fenv_t before;
  std::fegetenv(&before);
  for (const int rounding : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(rounding);
#if defined(__SSE__)
    _mm_setcsr(_mm_getcsr() | 0x8040);  // flush to zero, and read subnormal numbers as zero
#endif
#if defined(__GLIBC__)
    feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);
#endif
    body();
    std::fesetenv(&before);
  }
}

}  // namespace picovae::tests
