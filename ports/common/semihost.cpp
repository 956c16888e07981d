// Text, files and exit through Arm semihosting: an emulator or a debugger answers BKPT 0xAB.
// Without one the breakpoint faults, so a board that runs alone implements these functions with its
// UART.
#include "port.hpp"

namespace picovae::port {
namespace {

// "Semihosting for AArch32 and AArch64", release 2.0: operation numbers and blocks.
enum Operation : std::uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWrite0 = 0x04,
  kWrite = 0x05,
  kExitExtended = 0x20,
};

using Block = std::uint32_t[3];

std::uint32_t word(const void* address) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(address));
}

std::uint32_t length(const char* text) {
  std::uint32_t result = 0;
  while (text[result] != '\0') ++result;
  return result;
}

std::uint32_t call(Operation operation, const void* argument) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

void write(const char* text) { call(kWrite0, text); }

bool write_file(const char* name, const char* text, std::span<const std::byte> bytes) {
  constexpr std::uint32_t kWriteBinary = 5;
  const Block open = {word(name), kWriteBinary, length(name)};
  const std::uint32_t file = call(kOpen, open);
  if (file == ~std::uint32_t{0}) return false;
  const Block first = {file, word(text), length(text)};
  const Block second = {file, word(bytes.data()), bytes.size()};
  const bool written = call(kWrite, first) == 0 && call(kWrite, second) == 0;  // 0 bytes left
  return (call(kClose, &file) == 0) && written;
}

void exit(int code) {
  constexpr std::uint32_t kApplicationExit = 0x20026;
  const Block block = {kApplicationExit, static_cast<std::uint32_t>(code)};
  for (;;) call(kExitExtended, block);
}

}  // namespace picovae::port
