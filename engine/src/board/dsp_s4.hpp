// The sums of s4 weights (picovae/s4.hpp) on Cortex-M4, M7 and M33. A word has two inputs' weights
// of four outputs, a halfword an input:
//
//   4096 q3 + 256 (q2 + 8) + 16 (q1 + 8) + (q0 + 8)
//
// One SMLAD sums all four terms, and once the upper half byte is masked off, three, two, one: the
// sums' differences are those of single weights. They start at what the eights will add up to, so
// that they end as 1, 16, 256 and 4096 times the sums of q. Four weights of two inputs are half a
// load, three masks and four multiplies. After each group the sums are multiplied by its scales and
// added to the totals, of which 16 and 256 are taken at the end: a verified model keeps |total|
// below 2^23.
#pragma once

#include <arm_acle.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "board/dense.hpp"
#include "picovae/s4.hpp"

namespace picovae::board {

// Written out for the reason that dsp.cpp has.
//   r0 weights   r1 x   r2, r3 temporaries   r4..r11 sums of a group   r12, lr two inputs each
//   [sp] totals of the 8 outputs   [sp, #32] starts   [sp, #36] address of the sums
//   [sp, #40] end of x   [sp, #44] end of the group's x
// Called with r0 weights, r1 x, r2 starts of the groups, r3 sums, and the end of x on the stack.
// clang-format off
#define PICOVAE_S4_ENTER              \
  "push   {r4-r11, lr}          \n\t" \
  "ldr    r12, [sp, #36]        \n\t" \
  "push   {r2, r3, r12, lr}     \n\t" \
  "mov    r4, #0                \n\t" \
  "mov    r5, #0                \n\t" \
  "mov    r6, #0                \n\t" \
  "mov    r7, #0                \n\t" \
  "push   {r4-r7}               \n\t" \
  "push   {r4-r7}               \n\t"

// r4: the next group's start.
#define PICOVAE_S4_LOAD_START         \
  "ldr    r2, [sp, #32]         \n\t" \
  "ldr    r4, [r2], #4          \n\t" \
  "str    r2, [sp, #32]         \n\t"

// The total of two outputs, whose scales are bits `low` and `high` of r2 and up.
#define PICOVAE_S4_TOTALS(offset, sum0, low, sum1, high) \
  "ldrd   r3, r12, [sp, " offset "]   \n\t"              \
  "ubfx   lr, r2, " low ", #4         \n\t"              \
  "mla    r3, " sum0 ", lr, r3        \n\t"              \
  "ubfx   lr, r2, " high ", #4        \n\t"              \
  "mla    r12, " sum1 ", lr, r12      \n\t"              \
  "strd   r3, r12, [sp, " offset "]   \n\t"

#define PICOVAE_S4_END_GROUP                         \
  PICOVAE_S4_TOTALS("#0", "r4", "#0", "r5", "#4")    \
  PICOVAE_S4_TOTALS("#8", "r6", "#8", "r7", "#12")   \
  PICOVAE_S4_TOTALS("#16", "r8", "#16", "r9", "#20") \
  PICOVAE_S4_TOTALS("#24", "r10", "#24", "r11", "#28")

#define PICOVAE_S4_LEAVE              \
  "ldr    r3, [sp, #4]          \n\t" \
  "add    sp, #16               \n\t" \
  "stm    r3, {r4-r11}          \n\t" \
  "pop    {r4-r11, pc}          \n\t"

// A word of weights, which is destroyed, with two inputs.
#define PICOVAE_S4_NARROW_WORD(word, s0, s1, s2, s3, x) \
  "smlad  " s3 ", " word ", " x ", " s3 "    \n\t"      \
  "bic    " word ", " word ", #0xf000f000    \n\t"      \
  "smlad  " s2 ", " word ", " x ", " s2 "    \n\t"      \
  "uxtb16 " word ", " word "                 \n\t"      \
  "smlad  " s1 ", " word ", " x ", " s1 "    \n\t"      \
  "bic    " word ", " word ", #0x00f000f0    \n\t"      \
  "smlad  " s0 ", " word ", " x ", " s0 "    \n\t"

// The weights of two inputs.
#define PICOVAE_S4_NARROW_HALF(x)                            \
  "ldrd   r2, r3, [r0], #8                   \n\t"           \
  PICOVAE_S4_NARROW_WORD("r2", "r4", "r5", "r6", "r7", x)    \
  PICOVAE_S4_NARROW_WORD("r3", "r8", "r9", "r10", "r11", x)

// Latents are too large for these factors: each weight is moved down.
#define PICOVAE_S4_WIDE_WORD(s0, s1, s2, s3, x)    \
  "ldr    r2, [r0], #4                       \n\t" \
  "and    r3, r2, #0x000f000f                \n\t" \
  "smlad  " s0 ", r3, " x ", " s0 "          \n\t" \
  "lsr    r3, r2, #4                         \n\t" \
  "and    r3, r3, #0x000f000f                \n\t" \
  "smlad  " s1 ", r3, " x ", " s1 "          \n\t" \
  "lsr    r3, r2, #8                         \n\t" \
  "and    r3, r3, #0x000f000f                \n\t" \
  "smlad  " s2 ", r3, " x ", " s2 "          \n\t" \
  "lsr    r3, r2, #12                        \n\t" \
  "and    r3, r3, #0x000f000f                \n\t" \
  "eor    r3, r3, #0x00080008                \n\t" \
  "smlad  " s3 ", r3, " x ", " s3 "          \n\t"

// Four inputs: 0 and 2, then 1 and 3.
#define PICOVAE_S4_NARROW_BLOCK              \
  "ldr    r12, [r1], #4                \n\t" \
  "uxtb16 lr, r12, ror #8              \n\t" \
  "uxtb16 r12, r12                     \n\t" \
  PICOVAE_S4_NARROW_HALF("r12")              \
  PICOVAE_S4_NARROW_HALF("lr")

#define PICOVAE_S4_WIDE_BLOCK                \
  "ldrd   r2, r3, [r1], #8             \n\t" \
  "pkhbt  r12, r2, r3, lsl #16         \n\t" \
  "pkhtb  lr, r3, r2, asr #16          \n\t" \
  PICOVAE_S4_WIDE_WORD("r4", "r5", "r6", "r7", "r12")   \
  PICOVAE_S4_WIDE_WORD("r8", "r9", "r10", "r11", "r12") \
  PICOVAE_S4_WIDE_WORD("r4", "r5", "r6", "r7", "lr")    \
  PICOVAE_S4_WIDE_WORD("r8", "r9", "r10", "r11", "lr")

// Sums of single weights: 1, 16, 256 and 1 times q.
#define PICOVAE_S4_PART(s0, s1, s2, s3)      \
  "sub    " s3 ", " s3 ", " s2 "       \n\t" \
  "sub    " s2 ", " s2 ", " s1 "       \n\t" \
  "sub    " s1 ", " s1 ", " s0 "       \n\t" \
  "asr    " s3 ", " s3 ", #12          \n\t"

// x u8. A group that is not whole, the last, begins among the blocks.
[[gnu::naked, gnu::noinline]] inline void multiply_s4_narrow(const std::int8_t*, const void*,
                                                             const std::int32_t*, std::int32_t*,
                                                             const void*) {
  asm volatile(
      PICOVAE_S4_ENTER
      "b      3f                \n"
      "1:                       \n\t"
      PICOVAE_S4_LOAD_START
      "add    r5, r4, r4, lsl #4\n\t"
      "add    r6, r5, r4, lsl #8\n\t"
      "mov    r7, r6            \n\t"
      "mov    r8, r4            \n\t"
      "mov    r9, r5            \n\t"
      "mov    r10, r6           \n\t"
      "mov    r11, r6           \n\t"
      "cmp    r3, #32           \n\t"
      "bhs    10f               \n\t"
      "lsr    r3, r3, #2        \n\t"
      "tbh    [pc, r3, lsl #1]  \n"
      "2:                       \n\t"
      ".short 0                 \n\t"  // no group is empty
      ".short (17f - 2b) / 2    \n\t"
      ".short (16f - 2b) / 2    \n\t"
      ".short (15f - 2b) / 2    \n\t"
      ".short (14f - 2b) / 2    \n\t"
      ".short (13f - 2b) / 2    \n\t"
      ".short (12f - 2b) / 2    \n\t"
      ".short (11f - 2b) / 2    \n"
      "10:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "11:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "12:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "13:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "14:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "15:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "16:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "17:                      \n\t" PICOVAE_S4_NARROW_BLOCK
      "ldr    r2, [r0], #4      \n\t"
      PICOVAE_S4_PART("r4", "r5", "r6", "r7")
      PICOVAE_S4_PART("r8", "r9", "r10", "r11")
      PICOVAE_S4_END_GROUP
      "3:                       \n\t"
      "ldr    r3, [sp, #40]     \n\t"
      "subs   r3, r3, r1        \n\t"
      "bne    1b                \n\t"
      "pop    {r4-r11}          \n\t"
      "asr    r5, r5, #4        \n\t"
      "asr    r6, r6, #8        \n\t"
      "asr    r9, r9, #4        \n\t"
      "asr    r10, r10, #8      \n\t"
      PICOVAE_S4_LEAVE);
}

[[gnu::naked, gnu::noinline]] inline void multiply_s4_wide(const std::int8_t*, const void*,
                                                           const std::int32_t*, std::int32_t*,
                                                           const void*) {
  asm volatile(
      PICOVAE_S4_ENTER
      "1:                       \n\t"
      PICOVAE_S4_LOAD_START
      "mov    r5, r4            \n\t"
      "mov    r6, r4            \n\t"
      "mov    r7, r4            \n\t"
      "mov    r8, r4            \n\t"
      "mov    r9, r4            \n\t"
      "mov    r10, r4           \n\t"
      "mov    r11, r4           \n\t"
      "ldr    r3, [sp, #40]     \n\t"
      "add    r2, r1, #64       \n\t"
      "cmp    r2, r3            \n\t"
      "it     hi                \n\t"
      "movhi  r2, r3            \n\t"
      "str    r2, [sp, #44]     \n"
      "2:                       \n\t"
      PICOVAE_S4_WIDE_BLOCK
      "ldr    r3, [sp, #44]     \n\t"
      "cmp    r1, r3            \n\t"
      "bne    2b                \n\t"
      "ldr    r2, [r0], #4      \n\t"
      PICOVAE_S4_END_GROUP
      "ldr    r3, [sp, #40]     \n\t"
      "cmp    r1, r3            \n\t"
      "bne    1b                \n\t"
      "pop    {r4-r11}          \n\t"
      PICOVAE_S4_LEAVE);
}
// clang-format on

// As S8Panels. Core has start_narrow and start_wide.
template <typename Core>
class DspS4Panels {
 public:
  explicit DspS4Panels(const Dense& layer)
      : wide_(layer.wide_input),
        in_(round_up(layer.in, kInputPad)),
        size_(s4_panel_size(Layout::kCortexM, layer.in)) {}

  std::size_t size() const { return size_; }
  void start(const std::byte* x) {
    constexpr int kOffset = 8;  // where the s8 kernels have kCortexMOffset
    x_ = x;
    const StartFn run = wide_ ? Core::start_wide : Core::start_narrow;
    for (std::size_t i = 0; i < in_; i += kS4Group) {
      const std::size_t inputs = s4_group_inputs(in_, i / kS4Group);
      starts_[i / kS4Group] = run(x + bytes(i), inputs / kInputPad) / (kCortexMOffset / kOffset);
    }
  }
  void multiply(const std::int8_t* weights, std::int32_t* sums) const {
    const auto run = wide_ ? multiply_s4_wide : multiply_s4_narrow;
    run(weights, x_, starts_.data(), sums, x_ + bytes(in_));
  }

 private:
  std::size_t bytes(std::size_t inputs) const { return wide_ ? 2 * inputs : inputs; }

  bool wide_;
  std::size_t in_, size_;
  const std::byte* x_ = nullptr;
  std::array<std::int32_t, kMaxWidth / kS4Group> starts_;  // of each group's sums
};

}  // namespace picovae::board
