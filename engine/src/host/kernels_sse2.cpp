// SSE2: x86-64 processors before Haswell and Zen.
#if !defined(__SSE2__) || defined(__SSE3__)
#error "compile this file for plain x86-64"
#endif

#include "host/host_kernels.hpp"
#include "host/isa/sse2.hpp"

namespace picovae {

constinit const Kernels kSse2Kernels = host_kernels<Sse2>(Isa::kSse2, "sse2");

}  // namespace picovae
