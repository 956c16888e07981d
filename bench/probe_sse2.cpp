#if !defined(__SSE2__) || defined(__SSE3__)
#error "compile this file for plain x86-64"
#endif

#include "host/isa/sse2.hpp"
#include "probe_body.hpp"

namespace picovae::bench {
constinit const Probe kSse2Probe = make_probe<Sse2>(Isa::kSse2, "sse2");
}  // namespace picovae::bench
