// s8 layers on every ISA, bit for bit as requantize.hpp says. The order of the sums is irrelevant:
// s32 arithmetic that wraps.
//
// An Isa gives, beside the types Narrow and Wide below,
//   Sums      a vector of s32, one an output; add(sums, sums), store(to, sums)
//   Words     an xsimd batch of s16, what the epilogue works on: kOutputPad lanes, or half of them
//   kS8Rows, kS8Vectors  the largest tile for many rows; a single row takes a whole panel instead
//   kS8Split             how many groups of a single row are summed apart
//   requantize(sums, multiplier, bias, pre, post)  a Words' worth of sums -> Words
//   multiply_q15(a, b)                             as in requantize.hpp
//   store_bytes(words, to)                         words in 0..255 -> u8
// and may give Twice, the same from Words on for twice as many outputs.
// Narrow (x u8 in 0..127) and Wide (x s16 in +-8191) say how four products join an s32 lane:
//   Input broadcast(x)   x[0..3] to all lanes
//   Weights load(w)      four weights of each output
//   Sums dot(sums, input, weights)
// and may have, where several groups at once are cheaper,
//   kGroups     how many groups' inputs a call of inputs(x) -> Inputs takes
//   kTogether   how many groups' weights a call of weights(w, step) -> Blocks takes
//   Sums dot_part<I>(sums, inputs, blocks)  for the I-th kTogether groups of inputs
// and ForRow, which a single row takes instead. Its Sums may be of a kind of its own: Sums{} are
// zeros, and finish(sums) makes the Isa's of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "host/simd.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "requantize.hpp"

namespace picovae {
namespace {

inline constexpr std::size_t kGroup = kInputPad;  // inputs that share an s32 lane

template <typename Isa, typename Dot>
struct SumsOf {
  using T = typename Isa::Sums;
  static PICOVAE_INLINE T finish(T sums) { return sums; }
};
template <typename Isa, typename Dot>
requires requires { typename Dot::Sums; }
struct SumsOf<Isa, Dot> : Dot {
  using T = typename Dot::Sums;
};

// Rows of Vectors vectors of sums over `groups` groups of inputs, Split of them at a time.
//   weights  the first of the tile's columns in a panel of `columns` columns
//   to       where its sums belong in [rows][columns]
template <typename Isa, typename Dot, std::size_t Rows, std::size_t Vectors, std::size_t Split>
[[gnu::noinline]] void tile_s8(const typename Dot::X* x, std::size_t x_stride,
                               const std::int8_t* weights, std::size_t columns, std::size_t groups,
                               std::int32_t* to) {
  using Sums = typename SumsOf<Isa, Dot>::T;
  constexpr std::size_t kVectorBytes = sizeof(typename Isa::Sums);
  constexpr std::size_t kLanes = kVectorBytes / sizeof(std::int32_t);
  constexpr bool kWhole = Rows == 1 && Vectors * kLanes == kPanel;  // a whole panel's width
  const std::size_t step = (kWhole ? kPanel : columns) * kGroup;

  Sums sums[Split][Rows][Vectors];
  unroll<Split * Rows * Vectors>([&](auto i) __attribute__((always_inline)) {
    sums[i / (Rows * Vectors)][i / Vectors % Rows][i % Vectors] = Sums{};
  });
  const auto add_group = [&](auto s) __attribute__((always_inline)) {
    if constexpr (Rows == 1) {  // each weight is used once: no register need hold it
      const typename Dot::Input input = Dot::broadcast(x);
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        sums[s][0][v] = Dot::dot(sums[s][0][v], input, Dot::load(weights + v * kVectorBytes));
      });
    } else {
      typename Dot::Weights w[Vectors];
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        w[v] = Dot::load(weights + v * kVectorBytes);
      });
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        const typename Dot::Input input = Dot::broadcast(x + r * x_stride);
        unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
          sums[s][r][v] = Dot::dot(sums[s][r][v], input, w[v]);
        });
      });
    }
    weights += step;
    x += kGroup;
  };
  if constexpr (requires { Dot::kGroups; }) {
    static_assert(Split == 1);
    for (std::size_t left = groups / Dot::kGroups; left != 0; --left) {
      typename Dot::Inputs inputs[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        inputs[r] = Dot::inputs(x + r * x_stride);
      });
      unroll<Dot::kGroups / Dot::kTogether>([&](auto part) __attribute__((always_inline)) {
        unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
          const typename Dot::Blocks w = Dot::weights(weights + v * kVectorBytes, step);
          unroll<Rows>([&](auto r) __attribute__((always_inline)) {
            sums[0][r][v] = Dot::template dot_part<decltype(part){}>(sums[0][r][v], inputs[r], w);
          });
        });
        weights += Dot::kTogether * step;
      });
      x += Dot::kGroups * kGroup;
    }
    groups %= Dot::kGroups;
  }
  for (; groups >= Split; groups -= Split) unroll<Split>(add_group);
  if constexpr (Split > 1) {
    for (; groups != 0; --groups) add_group(Index<0>{});
  }
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      Sums total = sums[0][r][v];
      unroll<Split - 1>([&](auto s) __attribute__((always_inline)) {
        total = Isa::add(total, sums[s + 1][r][v]);
      });
      Isa::store(to + r * columns + v * kLanes, SumsOf<Isa, Dot>::finish(total));
    });
  });
}

// F of requantize.hpp for a in 0..kTailEnd. (Neither here nor below are there shifts or selections:
// those that xsimd 8.1 has for AVX-512 compile with an optimizer only.)
template <typename Isa, const std::array<std::int32_t, 4>& kTail>
PICOVAE_INLINE typename Isa::Words tail_s8(typename Isa::Words a) {
  using Words = typename Isa::Words;
  constexpr std::int16_t kConstant{kTail[0]}, kLinear{kTail[1]}, kSquare{kTail[2]},
      kCubic{kTail[3]};
  const Words y = a * Words(std::int16_t{32});
  const Words w = Words(std::int16_t{32767}) - y;
  const Words w2 = Isa::multiply_q15(w, w);
  const Words w4 = Isa::multiply_q15(w2, w2);
  Words h(kCubic);
  h = Isa::multiply_q15(h, y) + Words(kSquare);
  h = Isa::multiply_q15(h, y) + Words(kLinear);
  h = Isa::multiply_q15(h, y) + Words(kConstant);
  return Isa::multiply_q15(w4, h);
}

// |t|, no more than kTailEnd. Clamping first keeps -32768 from having no magnitude.
template <typename Isa>
PICOVAE_INLINE typename Isa::Words tail_argument_s8(typename Isa::Words t) {
  using Words = typename Isa::Words;
  const Words end(std::int16_t{kTailEnd});
  return xsimd::abs(xsimd::max(xsimd::min(t, end), -end));
}

template <typename Isa>
PICOVAE_INLINE typename Isa::Words softplus_s8(typename Isa::Words t, typename Isa::Words rescale) {
  using Words = typename Isa::Words;
  const Words f = tail_s8<Isa, kSoftplusTail>(tail_argument_s8<Isa>(t));
  const Words positive =
      xsimd::min(xsimd::max(t, Words(std::int16_t{0})), Words(std::int16_t{16383}));
  // (f + 8) >> 4 is f / 16 in Q.15. 32766 + 0 at most: the tail has died out long before.
  const Words value = positive + positive + Isa::multiply_q15(f, Words(std::int16_t{32768 / 16}));
  return xsimd::min(Isa::multiply_q15(value, rescale), Words(std::int16_t{127}));
}

template <typename Isa>
PICOVAE_INLINE typename Isa::Words sigmoid_s8(typename Isa::Words t) {
  using Words = typename Isa::Words;
  const Words f = tail_s8<Isa, kSigmoidTail>(tail_argument_s8<Isa>(t));
  const Words s = Isa::multiply_q15(f, Words(std::int16_t{255 * 8}));
  // 255 - s is s ^ 255, wanted where t is not negative.
  const Words negative = xsimd::min(xsimd::max(t, Words(std::int16_t{-1})), Words(std::int16_t{0}));
  return s ^ (Words(std::int16_t{255}) & ~negative);
}

// What the epilogue of a layer writes: s16, or u8 after an activation.
template <Activation kActivation>
using Output = std::conditional_t<kActivation == Activation::kIdentity, std::int16_t, std::uint8_t>;

// Requantizes and activates `count` times kOutputs sums, a multiple of Epilogue's words; the
// outputs and y move on by their steps.
template <typename Epilogue, std::size_t kOutputs, Activation kActivation>
[[gnu::noinline]] void activate_run_s8(const Dense& layer, const std::int32_t* sums,
                                       std::size_t sums_step, std::size_t output,
                                       std::size_t output_step, Output<kActivation>* y,
                                       std::size_t y_step, std::size_t count) {
  using Words = typename Epilogue::Words;
  constexpr bool kSoftplus = kActivation == Activation::kSoftplus;
  const auto* bias = static_cast<const std::int32_t*>(layer.bias) + output;
  const std::uint16_t* multiplier = layer.multiplier + output;
  // Only softplus has one; a null pointer takes no offset.
  const std::int16_t* rescale = layer.rescale + (kSoftplus ? output : 0);
  const int pre = layer.pre_shift, post = layer.post_shift;
  for (; count != 0; --count, sums += sums_step, y += y_step) {
    unroll<kOutputs / Words::size>([&](auto part) __attribute__((always_inline)) {
      constexpr std::size_t kAt = decltype(part){} * Words::size;
      const Words t = Epilogue::requantize(sums + kAt, multiplier + kAt, bias + kAt, pre, post);
      if constexpr (kSoftplus) {
        Epilogue::store_bytes(softplus_s8<Epilogue>(t, Words::load_unaligned(rescale + kAt)),
                              y + kAt);
      } else if constexpr (kActivation == Activation::kSigmoid) {
        Epilogue::store_bytes(sigmoid_s8<Epilogue>(t), y + kAt);
      } else {
        t.store_unaligned(y + kAt);
      }
    });
    bias += output_step;
    multiplier += output_step;
    if constexpr (kSoftplus) rescale += output_step;
  }
}

// Sums that wait for their epilogue: enough of them that its long chains of arithmetic overlap.
inline constexpr std::size_t kBlockS8 = 1024;
template <typename Isa>
inline constexpr std::size_t kBlockRowsS8 = kBlockS8 / kPanel / Isa::kS8Rows* Isa::kS8Rows;

// Sums [rows][columns] of the outputs from `first` on, into rows of y.
template <typename Isa, Activation kActivation>
void finish_s8(const Dense& layer, std::size_t first, const std::int32_t* sums, std::size_t columns,
               std::size_t rows, Output<kActivation>* y, std::size_t y_stride) {
  const auto run = activate_run_s8<Isa, kOutputPad, kActivation>;
  const std::size_t width = smaller(columns, layer.out - first);
  std::size_t whole = 0;  // outputs that are done
  y += first;
  const auto finish = [&](auto run_wide, std::size_t outputs) {
    if (rows == 1) {
      const std::size_t count = (width - whole) / outputs;
      run_wide(layer, sums + whole, outputs, first + whole, outputs, y + whole, outputs, count);
      whole += count * outputs;
    }
    for (; width - whole >= outputs; whole += outputs) {
      run_wide(layer, sums + whole, columns, first + whole, 0, y + whole, y_stride, rows);
    }
  };
  if constexpr (requires { typename Isa::Twice; }) {
    finish(activate_run_s8<typename Isa::Twice, 2 * kOutputPad, kActivation>, 2 * kOutputPad);
  }
  finish(run, kOutputPad);
  if (whole == width) return;
  Output<kActivation> edge[kBlockRowsS8<Isa>][kOutputPad];
  run(layer, sums + whole, columns, first + whole, 0, edge[0], kOutputPad, rows);
  for (std::size_t row = 0; row < rows; ++row) {
    copy(edge[row], y + row * y_stride + whole, width - whole);
  }
}

template <typename X>
using TileS8Fn = void (*)(const X* x, std::size_t x_stride, const std::int8_t* weights,
                          std::size_t columns, std::size_t groups, std::int32_t* to);

template <typename Isa, typename Dot, std::size_t Vectors, std::size_t... I>
constexpr void fill_tiles_s8(TileS8Fn<typename Dot::X> (&tiles)[sizeof...(I)],
                             std::index_sequence<I...>) {
  ((tiles[I] = tile_s8<Isa, Dot, I + 1, Vectors, 1>), ...);
}

// Tiles of 1 .. kS8Rows rows.
template <typename Isa, typename Dot, std::size_t Vectors>
struct TilesS8 {
  TileS8Fn<typename Dot::X> of_rows[Isa::kS8Rows] = {};
  constexpr TilesS8() {
    fill_tiles_s8<Isa, Dot, Vectors>(of_rows, std::make_index_sequence<Isa::kS8Rows>{});
  }
};
template <typename Isa, typename Dot, std::size_t Vectors>
inline constexpr TilesS8<Isa, Dot, Vectors> kTilesS8;

template <typename Dot>
struct ForRow {
  using T = Dot;
};
template <typename Dot>
requires requires { typename Dot::ForRow; }
struct ForRow<Dot> {
  using T = typename Dot::ForRow;
};

// Sums of the columns of one panel, of a single row.
template <typename Isa, typename Dot>
PICOVAE_INLINE void panel_row_s8(const typename Dot::X* x, const std::int8_t* weights,
                                 std::size_t columns, std::size_t groups, std::int32_t* sums) {
  using Row = typename ForRow<Dot>::T;
  constexpr std::size_t kLanes = sizeof(typename Isa::Sums) / sizeof(std::int32_t);
  const auto run = columns == kPanel ? tile_s8<Isa, Row, 1, kPanel / kLanes, Isa::kS8Split>
                                     : tile_s8<Isa, Row, 1, kOutputPad / kLanes, Isa::kS8Split>;
  run(x, 0, weights, columns, groups, sums);
}

// Sums [rows][columns] of the columns of one panel.
template <typename Isa, typename Dot>
void panel_s8(const typename Dot::X* x, std::size_t x_stride, const std::int8_t* weights,
              std::size_t columns, std::size_t groups, std::int32_t* sums, std::size_t rows) {
  constexpr std::size_t kLanes = sizeof(typename Isa::Sums) / sizeof(std::int32_t);
  constexpr std::size_t kTile = Isa::kS8Vectors * kLanes;  // columns
  constexpr std::size_t kHalf = kOutputPad / kLanes;       // vectors of the narrow last panel
  while (rows != 0) {
    const std::size_t now = next_piece(rows, Isa::kS8Rows);
    for (std::size_t j = 0; j < columns; j += kTile) {
      const auto& tiles = columns - j >= kTile ? kTilesS8<Isa, Dot, Isa::kS8Vectors>.of_rows
                                               : kTilesS8<Isa, Dot, kHalf>.of_rows;
      tiles[now - 1](x, x_stride, weights + j * kGroup, columns, groups, sums + j);
    }
    x += now * x_stride;
    sums += now * columns;
    rows -= now;
  }
}

template <typename Isa, typename Dot, Activation kActivation>
void dense_s8_as(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                 std::size_t y_stride, std::size_t rows) {
  const auto* in = static_cast<const typename Dot::X*>(x);
  auto* out = static_cast<Output<kActivation>*>(y);
  const auto* weights = static_cast<const std::int8_t*>(layer.weights);
  const std::size_t padded = pad(layer.out, kOutputPad);
  const std::size_t groups = pad(layer.in, kGroup) / kGroup;
  // A block is a panel of many rows, or many panels of a single row.
  const std::size_t block_columns = rows == 1 ? kBlockS8 : kPanel;
  alignas(64) std::int32_t sums[kBlockS8];

  for (std::size_t first = 0; first < padded; first += block_columns) {
    const std::size_t columns = smaller(block_columns, padded - first);
    for (std::size_t row = 0, now = 0; row < rows; row += now) {
      now = next_piece(rows - row, kBlockRowsS8<Isa>);
      for (std::size_t j = 0; j < columns; j += kPanel) {
        const std::int8_t* panel = weights + (first + j) * groups * kGroup;
        const std::size_t width = smaller(kPanel, columns - j);
        if (rows == 1) {
          panel_row_s8<Isa, Dot>(in, panel, width, groups, sums + j);
        } else {
          panel_s8<Isa, Dot>(in + row * x_stride, x_stride, panel, width, groups, sums + j, now);
        }
      }
      finish_s8<Isa, kActivation>(layer, first, sums, columns, now, out + row * y_stride, y_stride);
    }
  }
}

template <typename Isa, typename Dot>
constexpr DenseFn dense_s8_for(Activation activation) {
  switch (activation) {
    case Activation::kSoftplus:
      return dense_s8_as<Isa, Dot, Activation::kSoftplus>;
    case Activation::kSigmoid:
      return dense_s8_as<Isa, Dot, Activation::kSigmoid>;
    case Activation::kIdentity:
      break;
  }
  return dense_s8_as<Isa, Dot, Activation::kIdentity>;
}

template <typename Isa>
void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  const DenseFn run = layer.wide_input ? dense_s8_for<Isa, typename Isa::Wide>(layer.activation)
                                       : dense_s8_for<Isa, typename Isa::Narrow>(layer.activation);
  run(layer, x, x_stride, y, y_stride, rows);
}

}  // namespace
}  // namespace picovae
