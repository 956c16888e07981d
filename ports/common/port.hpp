// The functions that the demo needs from a board. A port defines all of them and calls
// picovae_program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace picovae::port {

// Text for a person: a debugger's console, a UART.
void write(const char* text);

// A clock for differences: instructions under an emulator, cycles on hardware. Wraps at 2^32.
std::uint32_t ticks();

// The model's blob, in flash.
std::span<const std::byte> model();

struct Memory {
  std::uint32_t fixed;           // bytes of static data, the demo's arena among them
  std::uint32_t stack_reserved;  // bytes kept for the stack
  std::uint32_t stack_used;      // most of those used so far
};
Memory memory();

// Writes a file on the host that runs or debugs the board: a line of text, then bytes. False if
// that fails or there is no host.
bool write_file(const char* name, const char* text, std::span<const std::byte> bytes);

[[noreturn]] void exit(int code);

}  // namespace picovae::port

// The program that the board runs; its result is the exit code. Not main: without an operating
// system a compiler may give main another name.
extern "C" int picovae_program();
