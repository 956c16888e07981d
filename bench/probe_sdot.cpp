#if !defined(__aarch64__) || !defined(__ARM_FEATURE_DOTPROD)
#error "compile this file with -march=armv8.2-a+dotprod"
#endif

#include "host/isa/neon.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
constinit const Probe kSdotProbe = make_probe<Sdot>(Isa::kSdot, "sdot");
}  // namespace picovae::bench
