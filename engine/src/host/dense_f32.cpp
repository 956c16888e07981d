// f32 layers of one ISA: CMake compiles this file once for each ISA whose f32 is its own
// (engine/cmake/isa.cmake). Weights are f32, or f16 or bf16 that become f32 as they are loaded.
#include <cstddef>

#include "host/epilogue_f32.hpp"
#include "host/float_weights.hpp"
#include "host/isa.hpp"
#include "host/panel_tile.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae {
namespace {

static_assert(FloatIsa<PICOVAE_ISA_TYPE>);

// Rows of a block at most: then it is one panel wide.
inline constexpr std::size_t kBlockRows = kBlock / kPanel;

// Sums [rows][columns], at most kBlock, of the columns from `first` on: a multiple of kPanel.
// `columns` is one of kOutputPad.
template <typename Simd, typename Weight>
void sum_block(const Dense& layer, const float* x, std::size_t x_stride, std::size_t rows,
               std::size_t first, std::size_t columns, float* sums) {
  constexpr std::size_t kLanes = Simd::Floats::size;
  constexpr std::size_t kWide = kPanelVectors<Simd>;
  const auto* weights = static_cast<const typename Weight::T*>(layer.weights);
  const std::size_t padded = pad(layer.out, kOutputPad);
  const std::size_t unit = rows <= Simd::kTuning.f32.rows ? rows : Simd::kTuning.f32.many_rows;
  const std::size_t most = tile_width<Simd, Weight>(next_piece(rows, unit));
  const std::size_t last = last_tile_width<Simd, Weight>(next_piece(rows, unit));
  for (std::size_t j = 0, width = 0; j < columns; j += width * kLanes) {
    const std::size_t left = (columns - j) / kLanes;
    width = smaller(left, most);
    if (left <= last) {
      width = left;
    } else if (left < 2 * most) {  // two tiles of about the same width
      width = smaller(width, pad(left / 2, kWide));
    }
    const std::size_t panel = (first + j) / kPanel * kPanel;
    const std::size_t last_panel = (first + j + width * kLanes - 1) / kPanel * kPanel;
    PanelTile<Weight> t = {.x = x,
                           .x_stride = x_stride,
                           .panel = weights + panel * layer.in,
                           .next_panel = kPanel * layer.in,
                           .first_step = smaller(kPanel, padded - panel),
                           .last_step = smaller(kPanel, padded - last_panel),
                           .sums = sums + j,
                           .sums_row = columns,
                           .k = layer.in};
    for (std::size_t row = 0, now = 0; row < rows; row += now) {
      now = next_piece(rows - row, unit);
      PanelTiles<Simd, Weight>::get(now, j % kPanel / kLanes, width)(t);
      t.x += now * x_stride;
      t.sums += now * columns;
    }
  }
}

template <typename Simd, typename Weight>
void dense(const Dense& layer, const void* x, std::size_t x_stride, void* y, std::size_t y_stride,
           std::size_t rows) {
  const auto* in = static_cast<const float*>(x);
  auto* out = static_cast<float*>(y);
  const std::size_t padded = pad(layer.out, kOutputPad);
  alignas(64) float sums[kBlock];
  if (rows == 0) return;
  const std::size_t block_rows = smaller(rows, kBlockRows);
  const std::size_t block_columns = kBlock / block_rows / kPanel * kPanel;
  for (std::size_t first = 0; first < padded; first += block_columns) {
    const std::size_t columns = smaller(block_columns, padded - first);
    for (std::size_t row = 0, now = 0; row < rows; row += now) {
      now = next_piece(rows - row, block_rows);
      sum_block<Simd, Weight>(layer, in + row * x_stride, x_stride, now, first, columns, sums);
      finish_f32<Simd>(layer, first, sums, columns, now, out + row * y_stride, y_stride);
    }
  }
}

}  // namespace

namespace PICOVAE_ISA {

void dense_f32(const Dense& layer, const void* x, std::size_t x_stride, void* y,
               std::size_t y_stride, std::size_t rows) {
  dense<PICOVAE_ISA_TYPE, F32>(layer, x, x_stride, y, y_stride, rows);
}
void dense_f16(const Dense& layer, const void* x, std::size_t x_stride, void* y,
               std::size_t y_stride, std::size_t rows) {
  dense<PICOVAE_ISA_TYPE, F16>(layer, x, x_stride, y, y_stride, rows);
}
void dense_bf16(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                std::size_t y_stride, std::size_t rows) {
  dense<PICOVAE_ISA_TYPE, Bf16>(layer, x, x_stride, y, y_stride, rows);
}

}  // namespace PICOVAE_ISA
}  // namespace picovae
