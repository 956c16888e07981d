// The clock behind port::ticks. A board takes one of the clock_*.cpp.
#pragma once

namespace picovae::port {

void start_clock();

// Arm: the SysTick vector.
void clock_interrupt();

}  // namespace picovae::port
