// What the core has that this file is compiled for, by the compiler's own macros. Kernels of other
// cores are empty files, so that an IDE may compile this whole folder for any board.
#pragma once

#if defined(__thumb__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define PICOVAE_CORE_HAS_THUMB 1
#else
#define PICOVAE_CORE_HAS_THUMB 0
#endif

// Thumb-2: M3 and larger, but for M23.
#if PICOVAE_CORE_HAS_THUMB && defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 2
#define PICOVAE_CORE_HAS_THUMB_2 1
#else
#define PICOVAE_CORE_HAS_THUMB_2 0
#endif

// SMLAD and its kind: M4, M7, most M33.
#if PICOVAE_CORE_HAS_THUMB_2 && defined(__ARM_FEATURE_DSP)
#define PICOVAE_CORE_HAS_DSP 1
#else
#define PICOVAE_CORE_HAS_DSP 0
#endif

// Helium with integers: M55, M85.
#if PICOVAE_CORE_HAS_THUMB_2 && defined(__ARM_FEATURE_MVE)
#define PICOVAE_CORE_HAS_MVE 1
#else
#define PICOVAE_CORE_HAS_MVE 0
#endif

// RISC-V of 32 bits with a multiplier.
#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)
#define PICOVAE_CORE_HAS_RV32 1
#else
#define PICOVAE_CORE_HAS_RV32 0
#endif

// Kernels are built for speed, also by an IDE that builds everything for size.
#if defined(__OPTIMIZE_SIZE__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif
