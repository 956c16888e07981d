// Counts cycles on hardware: CYCCNT of the data watchpoint and trace unit (Armv7-M and Armv8-M
// mainline; Cortex-M0 and M0+ have none).
#include <cstdint>

#include "clock.hpp"
#include "port.hpp"

namespace picovae::port {
namespace {

volatile std::uint32_t& at(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}
constexpr std::uintptr_t kDebugControl = 0xe000edfc;  // DEMCR
constexpr std::uintptr_t kTraceControl = 0xe0001000;  // DWT_CTRL
constexpr std::uintptr_t kCycleCount = 0xe0001004;    // DWT_CYCCNT

}  // namespace

void start_clock() {
  at(kDebugControl) = at(kDebugControl) | 1u << 24;  // TRCENA
  at(kCycleCount) = 0;
  at(kTraceControl) = at(kTraceControl) | 1u;  // CYCCNTENA
}

void clock_interrupt() {}

std::uint32_t ticks() { return at(kCycleCount); }

}  // namespace picovae::port
