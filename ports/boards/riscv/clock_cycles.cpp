// Counts by mcycle: cycles on hardware, instructions under `qemu-system-riscv32 -icount`.
#include <cstdint>

#include "clock.hpp"
#include "port.hpp"

namespace picovae::port {

// Some cores begin with their counters stopped.
void start_clock() {
  asm volatile(
      ".option push             \n\t"
      ".option arch, +zicsr     \n\t"
      "csrw  mcountinhibit, zero\n\t"
      ".option pop              \n\t" ::
          : "memory");
}

std::uint32_t ticks() {
  std::uint32_t count;
  asm volatile(
      ".option push             \n\t"
      ".option arch, +zicsr     \n\t"
      "csrr  %0, mcycle         \n\t"
      ".option pop              \n\t"
      : "=r"(count)
      :
      : "memory");
  return count;
}

}  // namespace picovae::port
