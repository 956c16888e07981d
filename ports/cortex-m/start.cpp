// From reset to the program: vectors, memory, the floating-point unit if the compiler may use it,
// and a stack painted so that its high-water mark can be read.
#include <cstdint>

#include "clock.hpp"
#include "port.hpp"

extern "C" {

// Set by sections.ld.
extern std::uint32_t picovae_data_load[], picovae_data_start[], picovae_data_end[];
extern std::uint32_t picovae_bss_start[], picovae_bss_end[];
extern std::uint32_t picovae_stack_limit[], picovae_stack_top[];
extern const std::byte picovae_model[], picovae_model_end[];

[[noreturn]] void picovae_fault() {
  picovae::port::write("failed: fault\n");
  picovae::port::exit(2);
}

[[noreturn]] void picovae_reset();

}  // extern "C"

namespace {

constexpr std::uint32_t kPaint = 0xa5a5a5a5;

std::uint32_t bytes_between(const void* from, const void* to) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(to) -
                                    reinterpret_cast<std::uintptr_t>(from));
}

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

void picovae_reset() {
#if defined(__ARM_FP)
  auto* const coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88);
  *coprocessor_access = *coprocessor_access | 0xfu << 20;
  asm volatile("dsb\n\tisb" ::: "memory");
#endif
  const std::uint32_t* from = picovae_data_load;
  for (std::uint32_t* to = picovae_data_start; to != picovae_data_end; ++to) *to = *from++;
  for (std::uint32_t* to = picovae_bss_start; to != picovae_bss_end; ++to) *to = 0;
  // Up to the frame of this function.
  const auto* here = static_cast<const std::uint32_t*>(__builtin_frame_address(0));
  for (volatile std::uint32_t* to = picovae_stack_limit; to < here - 16; ++to) *to = kPaint;
  picovae::port::start_clock();
  picovae::port::exit(picovae_program());
}

namespace picovae::port {

std::span<const std::byte> model() { return {picovae_model, picovae_model_end}; }

Memory memory() {
  const std::uint32_t* used = picovae_stack_limit;
  while (*used == kPaint) ++used;
  return {bytes_between(picovae_data_start, picovae_bss_end),
          bytes_between(picovae_stack_limit, picovae_stack_top),
          bytes_between(used, picovae_stack_top)};
}

}  // namespace picovae::port
