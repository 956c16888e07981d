// s8 layers of one ISA, bit for bit as requantize.hpp says: CMake compiles this file once for each
// ISA (engine/cmake/isa.cmake). s32 sums wrap, so their order does not matter.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/dense_s4.hpp"
#include "host/epilogue_s8.hpp"
#include "host/isa.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae {
namespace {

static_assert(IntegerIsa<PICOVAE_ISA_TYPE>);

inline constexpr std::size_t kGroup = kInputPad;  // inputs that share an s32 lane

// The register tile: [Rows][Vectors vectors] sums over `groups` groups of inputs, Split groups at a
// time.
//   x        [Rows][x_stride]
//   weights  of the tile's first column, in a panel of `columns` columns
//   to       [Rows][columns] out
template <typename Simd, typename Dot, std::size_t Rows, std::size_t Vectors, std::size_t Split>
[[gnu::noinline]] void tile_s8(const typename Dot::X* x, std::size_t x_stride,
                               const std::int8_t* weights, std::size_t columns, std::size_t groups,
                               std::int32_t* to) {
  if constexpr (Simd::kMatrixTile && std::is_same_v<Dot, typename Simd::Narrow> &&
                Rows == Simd::kTuning.s8.rows && Vectors == Simd::kTuning.s8.vectors) {
    return Simd::matrix_tile(x, x_stride, weights, columns, groups, to);
  }
  using Sums = typename Dot::Sums;
  constexpr std::size_t kVectorBytes = sizeof(typename Simd::Sums);
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
        Dot::hold(w[v]);
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
  if constexpr (Dot::kGroups != 0) {
    static_assert(Split == 1);
    for (std::size_t left = groups / Dot::kGroups; left != 0; --left) {
      typename Dot::Inputs inputs[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        inputs[r] = Dot::inputs(x + r * x_stride);
      });
      unroll<Dot::kGroups / Dot::kTogether>([&](auto part) __attribute__((always_inline)) {
        unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
          const typename Dot::Blocks w = Dot::blocks(weights + v * kVectorBytes, step);
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
      typename Simd::Sums total = Dot::finish(sums[0][r][v]);
      unroll<Split - 1>([&](auto s) __attribute__((always_inline)) {
        total = Simd::add(total, Dot::finish(sums[s + 1][r][v]));
      });
      Simd::store(to + r * columns + v * kLanes, total);
    });
  });
}

template <typename X>
using TileS8Fn = void (*)(const X* x, std::size_t x_stride, const std::int8_t* weights,
                          std::size_t columns, std::size_t groups, std::int32_t* to);

// Tiles of 1 .. s8_rows rows.
template <typename Simd, typename Dot, std::size_t Vectors>
inline constexpr auto kTilesS8 = []<std::size_t... I>(std::index_sequence<I...>) {
  return Table<TileS8Fn<typename Dot::X>, sizeof...(I)>{tile_s8<Simd, Dot, I + 1, Vectors, 1>...};
}
(std::make_index_sequence<Simd::kTuning.s8.rows>{});

// Sums of the columns of some panels, of a single row.
template <typename Simd, typename Row>
PICOVAE_INLINE void panels_row_s8(const typename Row::X* x, const std::int8_t* weights,
                                  std::size_t columns, std::size_t groups, std::int32_t* sums) {
  constexpr std::size_t kLanes = sizeof(typename Simd::Sums) / sizeof(std::int32_t);
  constexpr std::size_t kSplit = Simd::kTuning.s8.split;
  const std::size_t panel = kPanel * groups * kGroup;
  for (; columns >= kPanel; columns -= kPanel, weights += panel, sums += kPanel) {
    tile_s8<Simd, Row, 1, kPanel / kLanes, kSplit>(x, 0, weights, kPanel, groups, sums);
  }
  if (columns != 0) {
    tile_s8<Simd, Row, 1, kOutputPad / kLanes, kSplit>(x, 0, weights, kOutputPad, groups, sums);
  }
}

// Sums [rows][columns] of the columns of one panel.
template <typename Simd, typename Dot>
void panel_s8(const typename Dot::X* x, std::size_t x_stride, const std::int8_t* weights,
              std::size_t columns, std::size_t groups, std::int32_t* sums, std::size_t rows) {
  constexpr std::size_t kLanes = sizeof(typename Simd::Sums) / sizeof(std::int32_t);
  constexpr std::size_t kTile = Simd::kTuning.s8.vectors * kLanes;  // columns
  constexpr std::size_t kHalf = kOutputPad / kLanes;  // vectors of the narrow last panel
  while (rows != 0) {
    const std::size_t now = next_piece(rows, Simd::kTuning.s8.rows);
    for (std::size_t j = 0; j < columns; j += kTile) {
      const TileS8Fn<typename Dot::X> run =
          columns - j >= kTile ? kTilesS8<Simd, Dot, Simd::kTuning.s8.vectors>[now - 1]
                               : kTilesS8<Simd, Dot, kHalf>[now - 1];
      run(x, x_stride, weights + j * kGroup, columns, groups, sums + j);
    }
    x += now * x_stride;
    sums += now * columns;
    rows -= now;
  }
}

// Dot for many rows, Row for a single one.
template <typename Simd, typename Dot, typename Row, Activation kActivation>
void dense_s8_as(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                 std::size_t y_stride, std::size_t rows) {
  const auto* in = static_cast<const typename Dot::X*>(x);
  auto* out = static_cast<Output<kActivation>*>(y);
  const auto* weights = static_cast<const std::int8_t*>(layer.weights);
  const std::size_t padded = pad(layer.out, kOutputPad);
  const std::size_t groups = pad(layer.in, kGroup) / kGroup;
  // A block is one panel of many rows, or many panels of a single row.
  const std::size_t block_columns = rows == 1 ? kBlockS8 : kPanel;
  alignas(64) std::int32_t sums[kBlockS8];

  for (std::size_t first = 0; first < padded; first += block_columns) {
    const std::size_t columns = smaller(block_columns, padded - first);
    for (std::size_t row = 0, now = 0; row < rows; row += now) {
      now = next_piece(rows - row, kBlockRowsS8<Simd>);
      const std::int8_t* panel = weights + first * groups * kGroup;
      if (rows == 1) {
        panels_row_s8<Simd, Row>(in, panel, columns, groups, sums);
      } else {
        panel_s8<Simd, Dot>(in + row * x_stride, x_stride, panel, columns, groups, sums, now);
      }
      finish_s8<Simd, kActivation>(layer, first, sums, columns, now, out + row * y_stride,
                                   y_stride);
    }
  }
}

template <typename Simd, typename Dot, typename Row>
constexpr DenseFn dense_s8_for(Activation activation) {
  switch (activation) {
    case Activation::kSoftplus:
      return dense_s8_as<Simd, Dot, Row, Activation::kSoftplus>;
    case Activation::kRelu:
      return dense_s8_as<Simd, Dot, Row, Activation::kRelu>;
    case Activation::kSigmoid:
      return dense_s8_as<Simd, Dot, Row, Activation::kSigmoid>;
    case Activation::kIdentity:
      break;
  }
  return dense_s8_as<Simd, Dot, Row, Activation::kIdentity>;
}

// Of an ISA with kShiftsInputs, a layer with high_input. Tiles of many rows shift inputs as they
// load them. A single row would load them again for each panel: it is shifted once.
template <typename Simd>
void dense_high_s8([[maybe_unused]] const Dense& layer, [[maybe_unused]] const void* x,
                   [[maybe_unused]] std::size_t x_stride, [[maybe_unused]] void* y,
                   [[maybe_unused]] std::size_t y_stride, [[maybe_unused]] std::size_t rows) {
  if constexpr (Simd::kShiftsInputs) {
    Dense shifted = layer;
    shifted.bias = static_cast<const std::int32_t*>(layer.bias) + layer.shifted;
    const DenseFn run =
        dense_s8_for<Simd, typename Simd::High, typename Simd::NarrowRow>(layer.activation);
    if (rows != 1) return run(shifted, x, x_stride, y, y_stride, rows);
    alignas(64) std::uint8_t low[kMaxWidth];
    Simd::shift_row(static_cast<const std::uint8_t*>(x), pad(layer.in, kGroup), low);
    run(shifted, low, 0, y, y_stride, 1);
  }
}

}  // namespace

namespace PICOVAE_ISA {

void dense_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
              std::size_t y_stride, std::size_t rows) {
  using Simd = PICOVAE_ISA_TYPE;
  if (layer.s4) return dense_s4(dense_s8, layer, x, x_stride, y, y_stride, rows);
  if (Simd::kShiftsInputs && layer.high_input) {
    return dense_high_s8<Simd>(layer, x, x_stride, y, y_stride, rows);
  }
  const DenseFn run = layer.wide_input
                          ? dense_s8_for<Simd, Simd::Wide, Simd::WideRow>(layer.activation)
                          : dense_s8_for<Simd, Simd::Narrow, Simd::NarrowRow>(layer.activation);
  run(layer, x, x_stride, y, y_stride, rows);
}

}  // namespace PICOVAE_ISA
}  // namespace picovae
