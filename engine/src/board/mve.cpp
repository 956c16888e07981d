// s8 kernels of Cortex-M55 and M85: Helium (MVE). A vector of 16 inputs meets a vector of each of a
// panel's 8 outputs in VMLADAVA, which adds all products to a general register. It multiplies s8 by
// s8 or u8 by u8. Inputs above 127 are u8, and so are the weights of layers that have them: 128 is
// added in the blob, and 128 times the sum of the inputs taken from each sum here.
// For another core this file is empty (core.hpp).
#include "board/core.hpp"
#include "picovae/standard.hpp"

#if PICOVAE_CORE_HAS_MVE
#include <arm_mve.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "board/mve_s4.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/picovae.h"
#include "requantize.hpp"

namespace picovae {
namespace {

// ---- sums

// The sums of a panel over `vectors` >= 1 vectors of 16 inputs. VMLADAVA adds to even registers
// only, and takes all eight of them: compilers run out. The first products are set, not added.
//   r1 weights   r3 x   r5 end of x   r11 address of the sums
// Called with r0 weights, r1 x, r2 vectors, r3 sums.
using MultiplyFn = void (*)(const std::int8_t* weights, const void* x, std::size_t vectors,
                            std::int32_t* sums);

// clang-format off
#define PICOVAE_ENTER(log2_vector_bytes)      \
  "push   {r4-r11, lr}                  \n\t" \
  "mov    r11, r3                       \n\t" \
  "mov    r3, r1                        \n\t" \
  "add    r5, r1, r2, lsl " log2_vector_bytes "\n\t" \
  "mov    r1, r0                        \n\t"

#define PICOVAE_LEAVE                                   \
  "stm    r11, {r0, r2, r4, r6, r8, r10, r12, lr} \n\t" \
  "pop    {r4-r11, pc}                            \n\t"

#define PICOVAE_NARROW(multiply, sum)   \
  "vldrb.u8 q1, [r1], #16         \n\t" \
  multiply " " sum ", q0, q1      \n\t"

// 16 inputs with the panel's 8 outputs.
#define PICOVAE_NARROW_VECTOR(multiply) \
  "vldrb.u8 q0, [r3], #16         \n\t" \
  PICOVAE_NARROW(multiply, "r0")        \
  PICOVAE_NARROW(multiply, "r2")        \
  PICOVAE_NARROW(multiply, "r4")        \
  PICOVAE_NARROW(multiply, "r6")        \
  PICOVAE_NARROW(multiply, "r8")        \
  PICOVAE_NARROW(multiply, "r10")       \
  PICOVAE_NARROW(multiply, "r12")       \
  PICOVAE_NARROW(multiply, "lr")

// Four vectors a turn after the first; the first turn begins where the turns come out even.
//   type  .s8 or .u8, of inputs and weights
#define PICOVAE_NARROW_VECTORS(type)         \
  PICOVAE_ENTER("#4")                        \
  "sub    r7, r2, #1        \n\t"            \
  "and    r7, r7, #3        \n\t"            \
  PICOVAE_NARROW_VECTOR("vmladav" type)      \
  "tbb    [pc, r7]          \n"              \
  "0:                       \n\t"            \
  ".byte  (5f - 0b) / 2     \n\t"            \
  ".byte  (4f - 0b) / 2     \n\t"            \
  ".byte  (3f - 0b) / 2     \n\t"            \
  ".byte  (2f - 0b) / 2     \n"              \
  "1:                       \n\t"            \
  PICOVAE_NARROW_VECTOR("vmladava" type)     \
  "2:                       \n\t"            \
  PICOVAE_NARROW_VECTOR("vmladava" type)     \
  "3:                       \n\t"            \
  PICOVAE_NARROW_VECTOR("vmladava" type)     \
  "4:                       \n\t"            \
  PICOVAE_NARROW_VECTOR("vmladava" type)     \
  "5:                       \n\t"            \
  "cmp    r3, r5            \n\t"            \
  "bne    1b                \n\t"            \
  PICOVAE_LEAVE

[[gnu::naked, gnu::noinline]] void multiply_narrow(const std::int8_t*, const void*, std::size_t,
                                                   std::int32_t*) {
  asm volatile(PICOVAE_NARROW_VECTORS(".s8"));
}

// Of weights plus kMveOffset.
[[gnu::naked, gnu::noinline]] void multiply_high(const std::int8_t*, const void*, std::size_t,
                                                 std::int32_t*) {
  asm volatile(PICOVAE_NARROW_VECTORS(".u8"));
}

#define PICOVAE_WIDE(multiply, sum, offset) \
  "vldrb.s16 q1, [r1, #" offset "]    \n\t" \
  multiply ".s16 " sum ", q0, q1      \n\t"

// 8 of a vector's 16 inputs: the lower halves of the panel's weights, or the higher ones.
#define PICOVAE_WIDE_HALF(multiply, w0, w1, w2, w3, w4, w5, w6, w7) \
  "vldrh.u16 q0, [r3], #16            \n\t"                         \
  PICOVAE_WIDE(multiply, "r0", w0)                                  \
  PICOVAE_WIDE(multiply, "r2", w1)                                  \
  PICOVAE_WIDE(multiply, "r4", w2)                                  \
  PICOVAE_WIDE(multiply, "r6", w3)                                  \
  PICOVAE_WIDE(multiply, "r8", w4)                                  \
  PICOVAE_WIDE(multiply, "r10", w5)                                 \
  PICOVAE_WIDE(multiply, "r12", w6)                                 \
  PICOVAE_WIDE(multiply, "lr", w7)
#define PICOVAE_WIDE_LOW(multiply) \
  PICOVAE_WIDE_HALF(multiply, "0", "16", "32", "48", "64", "80", "96", "112")
#define PICOVAE_WIDE_HIGH(multiply) \
  PICOVAE_WIDE_HALF(multiply, "8", "24", "40", "56", "72", "88", "104", "120")

[[gnu::naked, gnu::noinline]] void multiply_wide(const std::int8_t*, const void*, std::size_t,
                                                 std::int32_t*) {
  asm volatile(
      PICOVAE_ENTER("#5")
      PICOVAE_WIDE_LOW("vmladav")
      "b      2f                \n"
      "1:                       \n\t"
      PICOVAE_WIDE_LOW("vmladava")
      "2:                       \n\t"
      PICOVAE_WIDE_HIGH("vmladava")
      "add    r1, r1, #128      \n\t"
      "cmp    r3, r5            \n\t"
      "bne    1b                \n\t"
      PICOVAE_LEAVE);
}
// clang-format on

// ---- requantization and activations: 8 outputs in s16 lanes

// The outputs of a layer that are still to do. Each panel advances these.
struct Outputs {
  const std::int32_t* bias;
  const std::uint16_t* multiplier;
  const std::int16_t* rescale;
  std::int32_t excess;      // of each sum: what kMveOffset added to it
  int left_pre, left_post;  // the shifts, as VSHL takes them: to the left
  std::int16_t greatest;    // of softplus
};

// rescale_sum and saturate16 of requantize.hpp. Even outputs and odd ones go apart, since that is
// how VQMOVNB and VQMOVNT put them together again.
[[gnu::always_inline]] inline int16x8_t requantize_panel(const std::int32_t* sums,
                                                         Outputs& outputs) {
  const int32x4x2_t sum = vld2q_s32(sums);
  const int32x4x2_t bias = vld2q_s32(outputs.bias);
  const uint16x8_t multiplier = vld1q_u16(outputs.multiplier);
  outputs.bias += kMvePanel;
  outputs.multiplier += kMvePanel;
  const auto scale = [&outputs](int32x4_t value, uint32x4_t factor, int32x4_t offset) {
    value = vshlq_r_s32(vsubq_n_s32(value, outputs.excess), outputs.left_pre);
    value = vmulq_s32(value, vreinterpretq_s32_u32(factor));
    return vshlq_r_s32(vaddq_s32(value, offset), outputs.left_post);
  };
  const int32x4_t even = scale(sum.val[0], vmovlbq_u16(multiplier), bias.val[0]);
  const int32x4_t odd = scale(sum.val[1], vmovltq_u16(multiplier), bias.val[1]);
  return vqmovntq_s32(vqmovnbq_s32(vuninitializedq_s16(), even), odd);
}

// tail() of requantize.hpp. |t| beyond 1023 saturates y, and the tail is 0 there as it is at 1023.
[[gnu::always_inline]] inline int16x8_t tail(int16x8_t t, const std::array<std::int32_t, 4>& c) {
  const int16x8_t y = vqshlq_n_s16(vqabsq_s16(t), 5);
  const int16x8_t w = vsubq_s16(vdupq_n_s16(32767), y);
  const int16x8_t w2 = vqrdmulhq_s16(w, w);
  const int16x8_t w4 = vqrdmulhq_s16(w2, w2);
  int16x8_t h = vdupq_n_s16(static_cast<std::int16_t>(c[3]));
  h = vqrdmlashq_n_s16(h, y, static_cast<std::int16_t>(c[2]));
  h = vqrdmlashq_n_s16(h, y, static_cast<std::int16_t>(c[1]));
  h = vqrdmlashq_n_s16(h, y, static_cast<std::int16_t>(c[0]));
  return vqrdmulhq_s16(w4, h);
}

// How a panel's t become y, in 16-bit lanes of which a u8 takes the low byte.
struct Identity {
  using Y = std::int16_t;
  static int16x8_t apply(int16x8_t t, Outputs&) { return t; }
  static void store(Y* y, int16x8_t lanes) { vst1q_s16(y, lanes); }
  static void store(Y* y, int16x8_t lanes, mve_pred16_t some) { vst1q_p_s16(y, lanes, some); }
};

struct Bytes {
  using Y = std::uint8_t;
  static void store(Y* y, int16x8_t lanes) { vstrbq_u16(y, vreinterpretq_u16_s16(lanes)); }
  static void store(Y* y, int16x8_t lanes, mve_pred16_t some) {
    vstrbq_p_u16(y, vreinterpretq_u16_s16(lanes), some);
  }
};

// Softplus, or ReLU in an engine that is built for that.
struct Hidden : Bytes {
  static int16x8_t apply(int16x8_t t, Outputs& outputs) {
    // 2 * max(t, 0) in u16; if that is clamped, the tail is 0.
    const uint16x8_t positive = vminq_u16(vqshluq_n_s16(t, 1), vdupq_n_u16(2 * 16383));
    int16x8_t value = vreinterpretq_s16_u16(positive);
    if constexpr (!kHasRelu) value = vaddq_s16(value, vrshrq_n_s16(tail(t, kSoftplusTail), 4));
    const int16x8_t q = vqrdmulhq_s16(value, vld1q_s16(outputs.rescale));
    outputs.rescale += kMvePanel;
    return vminq_s16(q, vdupq_n_s16(outputs.greatest));
  }
};

struct Sigmoid : Bytes {
  static int16x8_t apply(int16x8_t t, Outputs&) {
    const int16x8_t s = vqrdmulhq_n_s16(tail(t, kSigmoidTail), 255 * 8);
    return vmvnq_m_s16(s, s, vcmpgeq_n_s16(t, 0));  // 255 - s if t >= 0
  }
};

// The sums of a panel of s4 weights, group by group.
//   high     `multiply` wants weights plus kMveOffset
//   x_bytes  of a group
[[gnu::noinline]] void multiply_s4(MultiplyFn multiply, bool high, const std::int8_t* weights,
                                   const std::byte* x, std::size_t x_bytes, std::size_t vectors,
                                   std::int32_t* sums) {
  constexpr std::size_t kVectors = kS4Group / kMveVector;  // of a whole group
  const auto* packed = reinterpret_cast<const std::uint8_t*>(weights);
  for (std::size_t j = 0; j < kMvePanel; ++j) sums[j] = 0;
  while (vectors != 0) {
    const std::size_t now = vectors < kVectors ? vectors : kVectors;
    std::int8_t expanded[kS4Group * kMvePanel];
    (high ? expand_group_mve<kMveOffset> : expand_group_mve<0>)(packed, now, expanded);
    std::int32_t part[kMvePanel];
    multiply(expanded, x, now, part);
    for (std::size_t j = 0; j < kMvePanel; j += 4) {
      vst1q_s32(sums + j, vaddq_s32(vld1q_s32(sums + j), vld1q_s32(part + j)));
    }
    packed += now * kMveVector * kMvePanel / 2 + kMvePanel / 2;
    x += x_bytes;
    vectors -= now;
  }
}

std::size_t vectors_of(const Dense& layer) { return round_up(layer.in, kMveVector) / kMveVector; }

// What kMveOffset adds to each sum of an input. Bytes behind the last input may be any: they count
// here as they do there.
std::int32_t excess_of(const Dense& layer, const std::byte* x) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(x);
  std::uint32_t sum = 0;
  for (std::size_t left = layer.high_input ? vectors_of(layer) : 0; left != 0; --left) {
    sum = vaddvaq_u8(sum, vld1q_u8(bytes));
    bytes += kMveVector;
  }
  return static_cast<std::int32_t>(kMveOffset * sum);
}

template <typename Activate>
void run_row(const Dense& layer, MultiplyFn multiply, const std::byte* x, std::int32_t excess,
             std::byte* y) {
  const std::size_t vectors = vectors_of(layer);
  const bool s4 = kHasS4 && layer.s4;
  const std::size_t panel =
      s4 ? s4_panel_size(Layout::kMve, layer.in) : vectors * kMveVector * kMvePanel;
  const auto* weights = static_cast<const std::int8_t*>(layer.weights);
  Outputs outputs = {static_cast<const std::int32_t*>(layer.bias),
                     layer.multiplier,
                     layer.rescale,
                     excess,
                     -layer.pre_shift,
                     -layer.post_shift,
                     layer.greatest};
  auto* out = reinterpret_cast<typename Activate::Y*>(y);
  for (std::size_t left = layer.out; left != 0; left -= kMvePanel, out += kMvePanel) {
    std::int32_t sums[kMvePanel];
    if (s4) {
      multiply_s4(multiply, layer.high_input, weights, x,
                  layer.wide_input ? 2 * kS4Group : kS4Group, vectors, sums);
    } else {
      multiply(weights, x, vectors, sums);
    }
    weights += panel;
    const int16x8_t lanes = Activate::apply(requantize_panel(sums, outputs), outputs);
    if (left < kMvePanel) return Activate::store(out, lanes, vctp16q(left));
    Activate::store(out, lanes);
  }
}

void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  const auto multiply = layer.wide_input   ? multiply_wide
                        : layer.high_input ? multiply_high
                                           : multiply_narrow;
  const bool halfwords = layer.activation == Activation::kIdentity;
  const auto run = halfwords                     ? run_row<Identity>
                   : is_hidden(layer.activation) ? run_row<Hidden>
                                                 : run_row<Sigmoid>;
  const std::size_t x_bytes = x_stride * (layer.wide_input ? sizeof(std::int16_t) : 1);
  const std::size_t y_bytes = y_stride * (halfwords ? sizeof(std::int16_t) : 1);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto* input = static_cast<const std::byte*>(x) + row * x_bytes;
    run(layer, multiply, input, excess_of(layer, input),
        static_cast<std::byte*>(y) + row * y_bytes);
  }
}

}  // namespace

PICOVAE_CONSTINIT const Kernels kMveKernels =
    integer_kernels(Isa::kMve, "mve", Layout::kMve, dense_s8);

}  // namespace picovae

const picovae_kernels* picovae_kernels_mve(void) { return &picovae::kMveKernels; }
#endif
