// Where start.cpp and the code of an architecture, entry.cpp, meet.
#pragma once

extern "C" {

// entry.cpp comes here after a reset, with a stack and nothing else.
[[noreturn]] void picovae_reset();

// And here after a fault: says so and ends the program.
[[noreturn]] void picovae_fault();

}  // extern "C"

namespace picovae::port {

// In entry.cpp: what the core needs before anything else.
void start_core();

}  // namespace picovae::port
