// Firmware: an interrupt draws digits, again and again, while the main loop draws digits from the
// same model. All of them have the pixels that they have alone. Of Cortex-M.
//   ports/run.sh --program tests/ports/reentrant.cpp BOARD...
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "measure.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/signature.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

#ifndef __arm__
#error "name boards of Cortex-M: this takes their SysTick"
#endif

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

constexpr std::uint32_t kDigits = 10;

Vae<ModelShape, Integer> vae;

// Who draws has an arena and pixels of its own, and counts its digits.
struct Drawer {
  DecoderArena<ModelShape, Integer> arena;
  std::array<std::uint8_t, ModelShape::kPixels> pixels;
  // Zero at the start, where no constructors run.
  volatile bool generates;
  std::uint32_t drawn, wrong;

  std::uint32_t draw(std::uint32_t number) {
    generates = true;
    port::stop_unless_ok(vae.generate(kSignatureSeed, number, pixels.data(), arena));
    generates = false;
    return crc32c(std::as_bytes(std::span(pixels)));
  }
};
Drawer in_loop, in_interrupt;

std::array<std::uint32_t, kDigits> alone;  // the CRC of each digit

void draw_next(Drawer& drawer) {
  const std::uint32_t number = drawer.drawn % kDigits;
  if (drawer.draw(number) != alone[number]) drawer.wrong = drawer.wrong + 1;
  drawer.drawn = drawer.drawn + 1;
}

volatile std::uint32_t interrupts_inside = 0;  // a generate of the main loop

// ---- SysTick, whose interrupt the board's clock has until here: its ticks mean nothing any more

volatile std::uint32_t& at(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}
constexpr std::uintptr_t kControl = 0xe000e010, kReload = 0xe000e014, kValue = 0xe000e018;
constexpr std::uintptr_t kInterruptControl = 0xe000ed04;  // ICSR
constexpr std::uintptr_t kVectors = 0xe000ed08;           // VTOR

constexpr std::size_t kSysTick = 15;
alignas(128) std::array<std::uint32_t, 16> vectors;

// Interrupts once, in some thousand cycles. How many differs each time, so that all parts of a
// decode are interrupted.
void start_timer() {
  static std::uint32_t wait = 5000;
  wait = 5000 + (wait + 7919) % 50000;
  at(kReload) = wait;
  at(kValue) = 0;
  at(kInterruptControl) = 1U << 25;  // what came meanwhile is no interrupt
  at(kControl) = 7;                  // processor clock, interrupt, enable
}

void stop_timer() { at(kControl) = 0; }

void interrupt() {
  stop_timer();
  if (in_loop.generates) interrupts_inside = interrupts_inside + 1;
  draw_next(in_interrupt);
  start_timer();
}

void take_interrupt() {
  stop_timer();
  const std::uintptr_t old = at(kVectors);
  for (std::size_t i = 0; i < vectors.size(); ++i) vectors[i] = at(old + 4 * i);
  vectors[kSysTick] = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(interrupt));
  at(kVectors) = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(vectors.data()));
  asm volatile("dsb\n\tisb" ::: "memory");
}

}  // namespace

int picovae_program() {
  port::stop_unless_ok(vae.open(port::model(), PICOVAE_KERNELS));
  for (std::uint32_t number = 0; number < kDigits; ++number) alone[number] = in_loop.draw(number);

  take_interrupt();
  start_timer();
  for (std::uint32_t i = 0; i < kDigits; ++i) draw_next(in_loop);
  stop_timer();

  port::write_decimal("interrupts_inside ", interrupts_inside);
  port::write_decimal("drawn_in_interrupts ", in_interrupt.drawn);
  port::write_decimal("stack_used ", port::memory().stack_used);
  if (in_loop.wrong == 0 && in_interrupt.wrong == 0 && interrupts_inside >= kDigits) return 0;
  port::write_decimal("failed: wrong in the loop ", in_loop.wrong);
  port::write_decimal("  wrong in interrupts ", in_interrupt.wrong);
  return 1;
}
