// Counts instructions under `qemu-system-arm -icount shift=6`: there an instruction takes 64 ns of
// the time that SysTick counts.
#include <cstdint>

#include "clock.hpp"
#include "port.hpp"

namespace picovae::port {
namespace {

constexpr std::uint64_t kInstructionsPerSecond = 1'000'000'000 / 64;
constexpr std::uint64_t kInstructionsPerCount =  // Q.32
    (kInstructionsPerSecond << 32) / PICOVAE_CLOCK;

struct SysTick {
  std::uint32_t control, reload, value;
};
constexpr std::uint32_t kMost = 0xffffff;  // it counts down 24 bits

volatile SysTick& systick() { return *reinterpret_cast<volatile SysTick*>(0xe000e010); }

volatile std::uint32_t wraps;

}  // namespace

void start_clock() {
  systick().reload = kMost;
  systick().value = 0;
  systick().control = 7;  // processor clock, interrupt, enable
}

void clock_interrupt() { wraps = wraps + 1; }

std::uint32_t ticks() {
  std::uint32_t turns, value;
  do {
    turns = wraps;
    value = systick().value;
  } while (turns != wraps);
  const std::uint64_t counts = (std::uint64_t{turns} << 24) + (kMost - value);
  const std::uint64_t low = (counts & 0xffffffff) * kInstructionsPerCount >> 32;
  return static_cast<std::uint32_t>((counts >> 32) * kInstructionsPerCount + low);
}

}  // namespace picovae::port
