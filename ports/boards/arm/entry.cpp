// The vectors of a Cortex-M, and its floating-point unit if the compiler may use it.
#include <cstdint>

#include "clock.hpp"
#include "port.hpp"
#include "start.hpp"

extern "C" std::uint32_t picovae_stack_top[];  // set by sections.ld

namespace {

using Handler = void (*)();
struct Vectors {
  const void* stack;
  Handler system[15];
};
[[gnu::section(".vectors"), gnu::used]] const Vectors vectors = {
    picovae_stack_top,
    {picovae_reset, picovae_fault, picovae_fault, picovae_fault, picovae_fault, picovae_fault,
     picovae_fault, picovae_fault, picovae_fault, picovae_fault, picovae_fault, picovae_fault,
     picovae_fault, picovae_fault, picovae::port::clock_interrupt}};

}  // namespace

namespace picovae::port {

void start_core() {
#if defined(__ARM_FP)
  auto* const coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88);
  *coprocessor_access = *coprocessor_access | 0xfu << 20;
  asm volatile("dsb\n\tisb" ::: "memory");
#endif
}

}  // namespace picovae::port
