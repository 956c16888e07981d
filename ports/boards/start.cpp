// From reset to the program on any core: memory as the program wants it, and a stack painted so
// that its high-water mark can be read.
#include "start.hpp"

#include <cstdint>

#include "clock.hpp"
#include "port.hpp"

extern "C" {

// Set by sections.ld.
extern std::uint32_t picovae_data_load[], picovae_data_start[], picovae_data_end[];
extern std::uint32_t picovae_bss_start[], picovae_bss_end[];
extern std::uint32_t picovae_stack_limit[], picovae_stack_top[];
extern const std::byte picovae_model[], picovae_model_end[];

}  // extern "C"

namespace {

constexpr std::uint32_t kPaint = 0xa5a5a5a5;

std::uint32_t bytes_between(const void* from, const void* to) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(to) -
                                    reinterpret_cast<std::uintptr_t>(from));
}

}  // namespace

void picovae_fault() {
  picovae::port::write("failed: fault\n");
  picovae::port::exit(2);
}

void picovae_reset() {
  picovae::port::start_core();
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
