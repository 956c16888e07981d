// AVX2 and FMA: every x86-64 processor since Haswell and Zen.
#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif

#include "dense_f32.hpp"
#include "dense_s8.hpp"
#include "isa_avx2.hpp"

namespace picovae {

constinit const Kernels kAvx2Kernels = {Isa::kAvx2,      "avx2",         Layout::kHost,
                                        dense_f32<Avx2>, dense_s8<Avx2>, product<Avx2>};

}  // namespace picovae
