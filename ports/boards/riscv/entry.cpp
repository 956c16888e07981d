// The first instructions of a RISC-V core, which begins in machine mode without a stack, and what
// it does after a fault.
#include <cstdint>

#include "start.hpp"

extern "C" {

extern const char picovae_flash_range[];  // set by memory/NAME.ld, as pmpaddr wants it

[[gnu::naked, gnu::used, gnu::section(".vectors")]] void picovae_entry() {
  asm volatile(
      "la    sp, picovae_stack_top \n\t"
      "j     picovae_reset         \n\t");
}

// The stack may be what the fault is about: it begins anew.
[[gnu::naked, gnu::used, gnu::aligned(4)]] void picovae_trap() {
  asm volatile(
      "la    sp, picovae_stack_top \n\t"
      "j     picovae_fault         \n\t");
}

}  // extern "C"

namespace picovae::port {

// An emulator's flash is RAM: physical memory protection makes it read-only, in machine mode too,
// so that a stack that overflows into it faults.
void start_core() {
  constexpr std::uint32_t kReadAndExecute = 0x9d;  // locked, and the range is a power of two
  asm volatile(
      ".option push             \n\t"
      ".option arch, +zicsr     \n\t"
      "csrw  mtvec, %0          \n\t"
      "csrw  pmpaddr0, %1       \n\t"
      "csrw  pmpcfg0, %2        \n\t"
      ".option pop              \n\t"
      :
      : "r"(picovae_trap), "r"(picovae_flash_range), "r"(kReadAndExecute)
      : "memory");
}

}  // namespace picovae::port
