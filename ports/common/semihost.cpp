// Text, files and exit through semihosting, Arm's or RISC-V's, which has the same operations: an
// emulator or a debugger answers a breakpoint. Without one it faults, so a board that runs alone
// implements these functions with its UART.
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

#if defined(__riscv)
// Two instructions that do nothing say what the breakpoint between them is. All three are of 32
// bits, in one page.
std::uint32_t call(Operation operation, const void* argument) {
  register std::uint32_t a0 asm("a0") = operation;
  register const void* a1 asm("a1") = argument;
  asm volatile(
      ".option push             \n\t"
      ".option norvc            \n\t"
      ".balign 16               \n\t"
      "slli  zero, zero, 31     \n\t"
      "ebreak                   \n\t"
      "srai  zero, zero, 7      \n\t"
      ".option pop              \n\t"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}
#else
std::uint32_t call(Operation operation, const void* argument) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
#endif

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
