// Firmware: the kernels of a board against the reference arithmetic, case by case.
//   ports/run.sh --program tests/ports/kernels.cpp --model FILE [BOARD...]
#include "kernel_cases.hpp"
#include "port.hpp"
#include "write.hpp"

namespace {

picovae::tests::KernelCases cases;

void report(const picovae::tests::KernelCase& failed) {
  namespace port = picovae::port;
  port::write("failed:\n");
  port::write_decimal("  inputs ", failed.in);
  port::write_decimal("  outputs ", failed.out);
  port::write_decimal("  rows ", failed.rows);
  port::write_decimal("  s16 inputs ", failed.wide);
  port::write_decimal("  s4 weights ", failed.s4);
  port::write_decimal("  activation ", static_cast<std::uint32_t>(failed.activation));
  port::write_decimal("  greatest activation ", failed.greatest);
  port::write_decimal("  filling ", static_cast<std::uint32_t>(failed.filling));
}

}  // namespace

int picovae_program() { return cases.run(PICOVAE_KERNELS, report) == 0 ? 0 : 1; }
