// Counts by TIMER0 of an nRF51, which has no SysTick: 16 MHz, as its core. Under
// `qemu-system-arm -icount shift=6` an instruction takes 64 ns, so that a tick of 64 ns is one
// instruction; on hardware 125 ticks are 128 cycles.
#include <cstdint>

#include "clock.hpp"
#include "port.hpp"

namespace picovae::port {
namespace {

volatile std::uint32_t& timer(std::uintptr_t offset) {
  return *reinterpret_cast<volatile std::uint32_t*>(0x40008000 + offset);
}
constexpr std::uintptr_t kStart = 0x000;      // TASKS_START
constexpr std::uintptr_t kCapture = 0x040;    // TASKS_CAPTURE[0]
constexpr std::uintptr_t kBitMode = 0x508;    // BITMODE
constexpr std::uintptr_t kPrescaler = 0x510;  // PRESCALER
constexpr std::uintptr_t kCaptured = 0x540;   // CC[0]

// The timer wraps at 2^32, the ticks would before that.
std::uint32_t last;
std::uint64_t counts;

}  // namespace

void start_clock() {
  timer(kBitMode) = 3;  // 32 bits
  timer(kPrescaler) = 0;
  timer(kStart) = 1;
}

void clock_interrupt() {}

std::uint32_t ticks() {
  timer(kCapture) = 1;
  const std::uint32_t now = timer(kCaptured);
  counts += now - last;
  last = now;
  return static_cast<std::uint32_t>(counts * 125 >> 7);
}

}  // namespace picovae::port
