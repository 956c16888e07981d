#if !defined(__aarch64__)
#error "compile this file for 64-bit Arm"
#endif

#include "host/isa/neon.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
constinit const Probe kNeonProbe = make_probe<Neon>(Isa::kNeon, "neon");
}  // namespace picovae::bench
