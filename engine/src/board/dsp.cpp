// s8 kernels of Cortex-M4, M7 and M33: the dual multiplies of the DSP extension, on weights that
// hold two outputs in a halfword (layout.hpp): 256 * odd + (even + 128).
//
//   SMLAD(w, x)          adds x * (256 * odd + even + 128), two inputs at once
//   SMLAD(UXTB16(w), x)  adds x * (even + 128)
//
// If both kinds of sum start at -128 * (sum of x), the second ends as the even output and the
// first as 256 * odd + even; a verified model keeps |odd| below 2^23, so the difference is exact.
// Four weights cost half a load, an extraction and two multiplies.
// For another core this file is empty (core.hpp).
#include "board/core.hpp"
#include "picovae/standard.hpp"

#if PICOVAE_CORE_HAS_DSP
#include <arm_acle.h>

#include <array>

#include "board/dense.hpp"
#include "board/dsp_s4.hpp"
#include "picovae/picovae.h"

namespace picovae {
namespace {

// The multiply functions are written out because eight sums, two addresses and four temporaries
// fill the register file, and compilers answer with spills in the innermost loop.
//   r0 weights   r1 x   r2, r3 temporaries   r4, r6, r8, r10 even sums   r5, r7, r9, r11 odd ones
//   r12 temporary   lr two inputs   [sp] address of the sums   [sp, #4] end of x
// Called with r0 weights, r1 x, r2 groups, r3 sums, and the even sums' start on the stack.
// clang-format off
#define PICOVAE_ENTER(log2_group_bytes)            \
  "push   {r4-r11, lr}                       \n\t" \
  "ldr    r4, [sp, #36]                      \n\t" \
  "add    r12, r1, r2, lsl " log2_group_bytes "\n\t" \
  "push   {r3, r12}                          \n\t" \
  "mov    r6, r4                             \n\t" \
  "mov    r8, r4                             \n\t" \
  "mov    r10, r4                            \n\t"

#define PICOVAE_START_ODD(start) \
  "mov    r5, " start "\n\t"     \
  "mov    r7, " start "\n\t"     \
  "mov    r9, " start "\n\t"     \
  "mov    r11, " start "\n\t"

// Back to `loop` until the end of x.
#define PICOVAE_REPEAT(loop)  \
  "ldr    r12, [sp, #4] \n\t" \
  "cmp    r1, r12       \n\t" \
  "bne    " loop "      \n\t"

#define PICOVAE_LEAVE         \
  "pop    {r3, r12}     \n\t" \
  "stm    r3, {r4-r11}  \n\t" \
  "pop    {r4-r11, pc}  \n\t"

// Two words of weights with the two inputs in lr. Two outputs' instructions take turns, so that no
// multiply waits for the extraction or the sum before it: a quarter fewer cycles on an M7.
#define PICOVAE_NARROW_WORDS(even0, odd0, even1, odd1) \
  "ldrd   r2, r3, [r0], #8                \n\t"        \
  "smlad  " odd0 ", r2, lr, " odd0 "\n\t"             \
  "uxtb16 r2, r2                          \n\t"        \
  "smlad  " odd1 ", r3, lr, " odd1 "\n\t"             \
  "uxtb16 r3, r3                          \n\t"        \
  "smlad  " even0 ", r2, lr, " even0 "\n\t"           \
  "smlad  " even1 ", r3, lr, " even1 "\n\t"

// Two inputs with the 8 outputs of the panel.
#define PICOVAE_NARROW_HALF                     \
  PICOVAE_NARROW_WORDS("r4", "r5", "r6", "r7")  \
  PICOVAE_NARROW_WORDS("r8", "r9", "r10", "r11")

// Four inputs: 0 and 2, then 1 and 3.
#define PICOVAE_NARROW_GROUP              \
  "ldr    r12, [r1], #4             \n\t" \
  "uxtb16 lr, r12                   \n\t" \
  PICOVAE_NARROW_HALF                     \
  "uxtb16 lr, r12, ror #8           \n\t" \
  PICOVAE_NARROW_HALF

// A word of weights, which is destroyed, with the two inputs in lr. s16 inputs are one layer, the
// smallest.
#define PICOVAE_WIDE_PAIR(word, even, odd)        \
  "sxtb16 r12, " word ", ror #8\n\t"              \
  "smlad  " odd ", r12, lr, " odd "\n\t"          \
  "uxtb16 " word ", " word "\n\t"                 \
  "smlad  " even ", " word ", lr, " even "\n\t"

#define PICOVAE_WIDE_HALF                 \
  "ldrd   r2, r3, [r0], #8          \n\t" \
  PICOVAE_WIDE_PAIR("r2", "r4", "r5")     \
  PICOVAE_WIDE_PAIR("r3", "r6", "r7")     \
  "ldrd   r2, r3, [r0], #8          \n\t" \
  PICOVAE_WIDE_PAIR("r2", "r8", "r9")     \
  PICOVAE_WIDE_PAIR("r3", "r10", "r11")

#define PICOVAE_WIDE_GROUP                \
  "ldrd   r2, r3, [r1], #8          \n\t" \
  "pkhbt  lr, r2, r3, lsl #16       \n\t" \
  PICOVAE_WIDE_HALF         \
  "ldrd   r2, r3, [r1, #-8]         \n\t" \
  "pkhtb  lr, r3, r2, asr #16       \n\t" \
  PICOVAE_WIDE_HALF
// clang-format on

// Words of any data.
using Word [[gnu::may_alias]] = std::uint32_t;
using Pair [[gnu::may_alias]] = int16x2_t;

struct CortexMDsp {
  static std::int32_t start_narrow(const void* x, std::size_t groups) {
    const auto* words = static_cast<const Word*>(x);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < groups; ++i) sum = __usada8(words[i], 0, sum);
    return static_cast<std::int32_t>(0 - kCortexMOffset * sum);
  }

  static std::int32_t start_wide(const void* x, std::size_t groups) {
    const auto* pairs = static_cast<const Pair*>(x);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < 2 * groups; ++i) sum = __smlad(pairs[i], 0x00010001, sum);
    return static_cast<std::int32_t>(0 - kCortexMOffset * static_cast<std::uint32_t>(sum));
  }

  // clang-format off
  // Four groups a turn; the first turn begins where the turns come out even.
  [[gnu::naked, gnu::noinline]] static void multiply_narrow(const std::int8_t*, const void*,
                                                            std::size_t, std::int32_t*,
                                                            std::int32_t) {
    asm volatile(
        PICOVAE_ENTER("#2")
        PICOVAE_START_ODD("r4")
        "and    r2, r2, #3        \n\t"
        "tbb    [pc, r2]          \n"
        "0:                       \n\t"
        ".byte  (1f - 0b) / 2     \n\t"
        ".byte  (4f - 0b) / 2     \n\t"
        ".byte  (3f - 0b) / 2     \n\t"
        ".byte  (2f - 0b) / 2     \n"
        "1:                       \n\t"
        PICOVAE_NARROW_GROUP
        "2:                       \n\t"
        PICOVAE_NARROW_GROUP
        "3:                       \n\t"
        PICOVAE_NARROW_GROUP
        "4:                       \n\t"
        PICOVAE_NARROW_GROUP
        PICOVAE_REPEAT("1b")
        "sub    r5, r5, r4        \n\t"
        "sub    r7, r7, r6        \n\t"
        "sub    r9, r9, r8        \n\t"
        "sub    r11, r11, r10     \n\t"
        "asr    r5, r5, #8        \n\t"
        "asr    r7, r7, #8        \n\t"
        "asr    r9, r9, #8        \n\t"
        "asr    r11, r11, #8      \n\t"
        PICOVAE_LEAVE);
  }

  // s16 inputs would overflow 256 * odd: odd weights are extracted like even ones.
  [[gnu::naked, gnu::noinline]] static void multiply_wide(const std::int8_t*, const void*,
                                                          std::size_t, std::int32_t*,
                                                          std::int32_t) {
    asm volatile(
        PICOVAE_ENTER("#3")
        PICOVAE_START_ODD("#0")
        "1:                       \n\t"
        PICOVAE_WIDE_GROUP
        PICOVAE_REPEAT("1b")
        PICOVAE_LEAVE);
  }
  // clang-format on

  static std::int32_t saturate16(std::int32_t v) { return __ssat(v, 16); }

  // Polynomials, not tables: 7 % more instructions in a decode, 1.5 KB less flash.
  static std::int32_t softplus_tail(std::int32_t a) { return (tail(a, kSoftplusTail) + 8) >> 4; }
  static std::int32_t sigmoid_tail(std::int32_t a) {
    return multiply_q15(tail(a, kSigmoidTail), 255 * 8);
  }

 private:
  // tail() of requantize.hpp, with the rounding in a register: so a product is one MLA.
  [[gnu::always_inline]] static std::int32_t tail(std::int32_t a,
                                                  const std::array<std::int32_t, 4>& c) {
    std::int32_t half = 1 << 14;
    asm("" : "+r"(half));
    const auto multiply = [half](std::int32_t u, std::int32_t v) { return (u * v + half) >> 15; };
    const std::int32_t y = a << 5;
    const std::int32_t w2 = multiply(32767 - y, 32767 - y);
    const std::int32_t w4 = multiply(w2, w2);
    const std::int32_t h2 = multiply(c[3], y) + c[2];
    const std::int32_t h1 = multiply(h2, y) + c[1];
    return multiply(w4, multiply(h1, y) + c[0]);
  }
};

}  // namespace

PICOVAE_CONSTINIT const Kernels kCortexMDspKernels =
    integer_kernels(Isa::kCortexMDsp, "cortex-m-dsp", Layout::kCortexM,
                    board::dense_for<CortexMDsp, board::DspS4Panels<CortexMDsp>>());

}  // namespace picovae

const picovae_kernels* picovae_kernels_cortex_m_dsp(void) { return &picovae::kCortexMDspKernels; }
#endif
