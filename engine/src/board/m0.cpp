// s8 kernels of Cortex-M0 and M0+ (plain.hpp has the arithmetic). Written in the 16-bit
// instructions that these cores have, because only 8 registers take part in all of them and
// what GCC 12 makes of C++ takes 40 % more. For a core that has no Thumb instructions this file is
// empty (core.hpp).
#include "board/core.hpp"
#include "picovae/standard.hpp"

#if PICOVAE_CORE_HAS_THUMB
#include "board/plain.hpp"
#include "board/plain_s4.hpp"
#include "picovae/picovae.h"

namespace picovae {
namespace {

// r0 weights   r1 x   r2 two inputs   r3 0x00ff00ff   r4 0x80008000   r5, r6 temporaries
// r7 four inputs   r8, r10 even sums   r9, r11 odd ones   r12 end of x

// clang-format off
// One pair of outputs: the next word of weights with the two inputs in r2.
#define PICOVAE_PAIR(even, odd) \
  "ldm    r0!, {r5}       \n\t" \
  "eors   r5, r4          \n\t" \
  "movs   r6, r5          \n\t" \
  "ands   r6, r3          \n\t" \
  "muls   r6, r2          \n\t" \
  "lsrs   r6, r6, #16     \n\t" \
  "add    " even ", r6    \n\t" \
  "lsrs   r5, r5, #8      \n\t" \
  "ands   r5, r3          \n\t" \
  "muls   r5, r2          \n\t" \
  "lsrs   r5, r5, #16     \n\t" \
  "add    " odd ", r5     \n\t"

// Two pairs, half a panel; then past the other half's weights.
#define PICOVAE_PAIRS           \
  "ands   r2, r3          \n\t" \
  PICOVAE_PAIR("r8", "r9")      \
  PICOVAE_PAIR("r10", "r11")    \
  "adds   r0, #8          \n\t"
// clang-format on

struct CortexM0 : board::PlainCore {
  static void multiply_narrow(const std::int8_t* weights, const void* x, std::size_t groups,
                              std::int32_t* sums, std::int32_t start) {
    constexpr std::size_t kHalfPanel = 8;  // bytes of two pairs
    multiply_half(weights, x, groups, sums, start);
    multiply_half(weights + kHalfPanel, x, groups, sums + kCortexMPanel / 2, start);
  }

 private:
  // clang-format off
  // The sums of two pairs. Called with r0 weights, r1 x, r2 groups, r3 sums, and the sums' start on
  // the stack.
  [[gnu::naked, gnu::noinline]] static void multiply_half(const std::int8_t*, const void*,
                                                          std::size_t, std::int32_t*,
                                                          std::int32_t) {
    asm volatile(
        ".syntax unified          \n\t"
        "push   {r3-r7, lr}       \n\t"
        "mov    r4, r8            \n\t"
        "mov    r5, r9            \n\t"
        "mov    r6, r10           \n\t"
        "mov    r7, r11           \n\t"
        "push   {r4-r7}           \n\t"
        "ldr    r4, [sp, #40]     \n\t"
        "mov    r8, r4            \n\t"
        "mov    r9, r4            \n\t"
        "mov    r10, r4           \n\t"
        "mov    r11, r4           \n\t"
        "lsls   r2, r2, #2        \n\t"
        "adds   r2, r1            \n\t"
        "mov    r12, r2           \n\t"
        "movs   r3, #255          \n\t"
        "lsls   r4, r3, #16       \n\t"
        "orrs   r3, r4            \n\t"
        "movs   r4, #128          \n\t"
        "lsls   r4, r4, #8        \n\t"
        "lsls   r5, r4, #16       \n\t"
        "orrs   r4, r5            \n"
        "1:                       \n\t"
        "ldm    r1!, {r7}         \n\t"
        "movs   r6, #16           \n\t"
        "rors   r7, r6            \n\t"
        "movs   r2, r7            \n\t"
        PICOVAE_PAIRS
        "lsrs   r2, r7, #8        \n\t"
        PICOVAE_PAIRS
        "cmp    r1, r12           \n\t"
        "bne    1b                \n\t"
        "ldr    r3, [sp, #16]     \n\t"
        "mov    r4, r8            \n\t"
        "mov    r5, r9            \n\t"
        "mov    r6, r10           \n\t"
        "mov    r7, r11           \n\t"
        "stm    r3!, {r4-r7}      \n\t"
        "pop    {r4-r7}           \n\t"
        "mov    r8, r4            \n\t"
        "mov    r9, r5            \n\t"
        "mov    r10, r6           \n\t"
        "mov    r11, r7           \n\t"
        "pop    {r3-r7, pc}       \n\t");
  }
  // clang-format on
};

}  // namespace

PICOVAE_CONSTINIT const Kernels kCortexM0Kernels =
    integer_kernels(Isa::kCortexM0, "cortex-m0", Layout::kCortexM,
                    board::dense_for<CortexM0, board::PlainS4Panels<CortexM0>>());

}  // namespace picovae

const picovae_kernels* picovae_kernels_cortex_m0(void) { return &picovae::kCortexM0Kernels; }
#endif
