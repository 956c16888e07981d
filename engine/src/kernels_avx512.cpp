// AVX-512 F, BW, VL and DQ, without VNNI: Skylake-X on.
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || \
    !defined(__AVX512DQ__) || !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma"
#endif

// Above all else, for the diagnostics that it turns off.
#include "isa_avx512.hpp"

#include "dense_f32.hpp"
#include "dense_s8.hpp"

namespace picovae {

constinit const Kernels kAvx512Kernels = {Isa::kAvx512,      "avx512",         Layout::kHost,
                                          dense_f32<Avx512>, dense_s8<Avx512>, product<Avx512>};

}  // namespace picovae
