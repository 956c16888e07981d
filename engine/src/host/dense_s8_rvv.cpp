// s8 layers by the vectors of 64-bit RISC-V, version 1.0 of its extension V, bit for bit as
// requantize.hpp says. Their length is known at run time only, from 128 bits on, and they cannot be
// elements of arrays: the register tiles of dense_s8.cpp are not for them. They need none. In
// groups of registers even the shortest vectors have the 32 columns of a panel; longer ones leave
// the rest unused.
#include <riscv_vector.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/dense_s4.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "requantize.hpp"

#if !defined(PICOVAE_ISA) || !defined(__riscv_v)
#error "CMake compiles this file for an ISA, with its flags"
#endif

namespace picovae {
namespace {

using Sums = vint32m8_t;   // s32, one an output
using Words = vint16m4_t;  // s16, one an output

constexpr std::size_t kGroup = kInputPad;

// The sums of a panel's `columns` columns over groups of four inputs, which a segment load takes
// apart. Products of neighbors fit into s16 (ranges.hpp, GroupBounds).
Sums add_products(const std::uint8_t* x, const std::int8_t* weights, std::size_t groups,
                  std::size_t columns) {
  Sums sums = __riscv_vmv_v_x_i32m8(0, columns);
  for (; groups != 0; --groups, x += kGroup, weights += columns * kGroup) {
    const vint8m2x4_t w = __riscv_vlseg4e8_v_i8m2x4(weights, columns);
    Words low = __riscv_vwmulsu_vx_i16m4(__riscv_vget_v_i8m2x4_i8m2(w, 0), x[0], columns);
    Words high = __riscv_vwmulsu_vx_i16m4(__riscv_vget_v_i8m2x4_i8m2(w, 2), x[2], columns);
    low = __riscv_vwmaccus_vx_i16m4(low, x[1], __riscv_vget_v_i8m2x4_i8m2(w, 1), columns);
    high = __riscv_vwmaccus_vx_i16m4(high, x[3], __riscv_vget_v_i8m2x4_i8m2(w, 3), columns);
    sums = __riscv_vwadd_wv_i32m8(sums, low, columns);
    sums = __riscv_vwadd_wv_i32m8(sums, high, columns);
  }
  return sums;
}

Sums add_products(const std::int16_t* x, const std::int8_t* weights, std::size_t groups,
                  std::size_t columns) {
  Sums sums = __riscv_vmv_v_x_i32m8(0, columns);
  const auto add = [&](std::int16_t input, vint8m2_t w) {
    sums = __riscv_vwmacc_vx_i32m8(sums, input, __riscv_vsext_vf2_i16m4(w, columns), columns);
  };
  for (; groups != 0; --groups, x += kGroup, weights += columns * kGroup) {
    const vint8m2x4_t w = __riscv_vlseg4e8_v_i8m2x4(weights, columns);
    add(x[0], __riscv_vget_v_i8m2x4_i8m2(w, 0));
    add(x[1], __riscv_vget_v_i8m2x4_i8m2(w, 1));
    add(x[2], __riscv_vget_v_i8m2x4_i8m2(w, 2));
    add(x[3], __riscv_vget_v_i8m2x4_i8m2(w, 3));
  }
  return sums;
}

// ---- The epilogue: the steps of requantize.hpp for `count` outputs

Words requantize(Sums sums, const Dense& layer, std::size_t first, std::size_t count) {
  const vuint16m4_t multiplier = __riscv_vle16_v_u16m4(layer.multiplier + first, count);
  const Sums factors =
      __riscv_vreinterpret_v_u32m8_i32m8(__riscv_vzext_vf2_u32m8(multiplier, count));
  const auto* bias = static_cast<const std::int32_t*>(layer.bias) + first;
  sums = __riscv_vmul_vv_i32m8(__riscv_vsra_vx_i32m8(sums, layer.pre_shift, count), factors, count);
  sums = __riscv_vadd_vv_i32m8(sums, __riscv_vle32_v_i32m8(bias, count), count);
  sums = __riscv_vsra_vx_i32m8(sums, layer.post_shift, count);
  return __riscv_vnclip_wx_i16m4(sums, 0, __RISCV_VXRM_RDN, count);
}

Words multiply_q15(Words a, Words b, std::size_t count) {
  return __riscv_vsmul_vv_i16m4(a, b, __RISCV_VXRM_RNU, count);
}
Words multiply_q15(Words a, std::int16_t b, std::size_t count) {
  return __riscv_vsmul_vx_i16m4(a, b, __RISCV_VXRM_RNU, count);
}

// Of |t|, no more than kTailEnd. -32768 has no opposite in s16: t is bounded first.
template <std::int32_t C0, std::int32_t C1, std::int32_t C2, std::int32_t C3>
Words tail(Words t, std::size_t count) {
  const Words bounded = __riscv_vmax_vx_i16m4(t, -kTailEnd, count);
  const Words magnitude = __riscv_vmax_vv_i16m4(t, __riscv_vneg_v_i16m4(bounded, count), count);
  const Words y =
      __riscv_vsll_vx_i16m4(__riscv_vmin_vx_i16m4(magnitude, kTailEnd, count), 5, count);
  const Words w = __riscv_vrsub_vx_i16m4(y, 32767, count);
  const Words w2 = multiply_q15(w, w, count);
  const Words w4 = multiply_q15(w2, w2, count);
  const Words h2 = __riscv_vadd_vx_i16m4(multiply_q15(y, C3, count), C2, count);
  const Words h1 = __riscv_vadd_vx_i16m4(multiply_q15(h2, y, count), C1, count);
  const Words h = __riscv_vadd_vx_i16m4(multiply_q15(h1, y, count), C0, count);
  return multiply_q15(w4, h, count);
}

Words softplus_tail(Words t, std::size_t count) {
  constexpr auto c = kSoftplusTail;
  const Words value = tail<c[0], c[1], c[2], c[3]>(t, count);
  return __riscv_vsra_vx_i16m4(__riscv_vadd_vx_i16m4(value, 8, count), 4, count);
}

Words sigmoid_tail(Words t, std::size_t count) {
  constexpr auto c = kSigmoidTail;
  return multiply_q15(tail<c[0], c[1], c[2], c[3]>(t, count), 255 * 8, count);
}

// A hidden unit's u8, as s16.
Words hidden(Words t, const Dense& layer, std::size_t first, std::size_t count) {
  Words value = __riscv_vmin_vx_i16m4(__riscv_vmax_vx_i16m4(t, 0, count), 16383, count);
  value = __riscv_vsll_vx_i16m4(value, 1, count);
  if (layer.activation == Activation::kSoftplus) {
    value = __riscv_vsadd_vv_i16m4(value, softplus_tail(t, count), count);
  }
  value = multiply_q15(value, __riscv_vle16_v_i16m4(layer.rescale + first, count), count);
  return __riscv_vmin_vx_i16m4(value, layer.greatest, count);
}

// The low bytes of words.
void store_bytes(Words words, std::uint8_t* to, std::size_t count) {
  __riscv_vse8_v_i8m2(reinterpret_cast<std::int8_t*>(to), __riscv_vncvt_x_x_w_i8m2(words, count),
                      count);
}

// Outputs `first` and those after it, of a row's sums.
void finish(Sums sums, const Dense& layer, std::size_t first, std::size_t count, void* y) {
  const Words t = requantize(sums, layer, first, count);
  switch (layer.activation) {
    case Activation::kIdentity:
      return __riscv_vse16_v_i16m4(static_cast<std::int16_t*>(y) + first, t, count);
    case Activation::kSoftplus:
    case Activation::kRelu:
      return store_bytes(hidden(t, layer, first, count), static_cast<std::uint8_t*>(y) + first,
                         count);
    case Activation::kSigmoid: {  // as sigmoid_u8
      const Words sign = __riscv_vsra_vx_i16m4(t, 15, count);
      const Words pixels =
          __riscv_vxor_vv_i16m4(sigmoid_tail(t, count), __riscv_vnot_v_i16m4(sign, count), count);
      return store_bytes(pixels, static_cast<std::uint8_t*>(y) + first, count);
    }
  }
}

// X: of the inputs. Panel by panel, so that one's weights are in the cache for all rows.
template <typename X>
void run(const Dense& layer, const void* x, std::size_t x_stride, void* y, std::size_t y_stride,
         std::size_t rows) {
  const std::size_t y_size = layer.activation == Activation::kIdentity ? 2 : 1;
  const std::size_t groups = round_up(layer.in, kGroup) / kGroup;
  const std::size_t padded = round_up(layer.out, kOutputPad);
  const auto* weights = static_cast<const std::int8_t*>(layer.weights);
  for (std::size_t first = 0; first < layer.out; first += kPanel) {
    const std::size_t columns = padded - first < kPanel ? padded - first : kPanel;
    const std::size_t count = layer.out - first < columns ? layer.out - first : columns;
    const auto* in = static_cast<const X*>(x);
    auto* out = static_cast<std::byte*>(y);
    for (std::size_t row = 0; row < rows; ++row, in += x_stride, out += y_stride * y_size) {
      finish(add_products(in, weights, groups, columns), layer, first, count, out);
    }
    weights += columns * groups * kGroup;
  }
}

}  // namespace

namespace PICOVAE_ISA {

void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  if (layer.s4) return dense_s4(dense_s8, layer, x, x_stride, y, y_stride, rows);
  const DenseFn dense = layer.wide_input ? run<std::int16_t> : run<std::uint8_t>;
  dense(layer, x, x_stride, y, y_stride, rows);
}

}  // namespace PICOVAE_ISA
}  // namespace picovae
