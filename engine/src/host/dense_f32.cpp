// f32 layers of one ISA: CMake compiles this file once for each ISA whose f32 is its own
// (engine/cmake/isa.cmake). Weights are f32, or f16 or bf16 that become f32 as they are loaded.
#include <utility>

#include "host/epilogue_f32.hpp"
#include "host/float_weights.hpp"
#include "host/isa.hpp"
#include "host/tile_f32.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae {
namespace {

static_assert(FloatIsa<PICOVAE_ISA_TYPE>);

// Sums that are computed before their epilogue runs: enough that its long chains of arithmetic
// overlap.
inline constexpr std::size_t kBlock = 4096;

// One row of x times kFull whole panels, one behind the other, and kHalf panels of kOutputPad
// columns: sums [kFull * kPanel + kHalf * kOutputPad]. Bound by the bytes of the weights, so
// several panels are read at once: their sums are what hides the latency of the additions.
template <typename Simd, typename Weight, std::size_t kFull, std::size_t kHalf>
[[gnu::noinline]] void row_tile(const float* x, const typename Weight::T* weights, std::size_t in,
                                float* sums) {
  using Floats = typename Simd::Floats;
  constexpr std::size_t kLanes = Floats::size;
  constexpr std::size_t kPanelVectors = kPanel / kLanes;
  constexpr std::size_t kHalfVectors = kOutputPad / kLanes;
  const std::size_t panel_size = kPanel * in;
  const auto* half = weights + kFull * panel_size;

  Floats total[kFull + 1][kPanelVectors];  // of the whole panels, then of the half one
  unroll<(kFull + 1) * kPanelVectors>([&](auto i) __attribute__((always_inline)) {
    total[i / kPanelVectors][i % kPanelVectors] = Floats(0.0f);
  });
  // One input; multiply_add(sum, right) has it.
  const auto add_input = [&](auto multiply_add) __attribute__((always_inline)) {
    unroll<kFull>([&](auto panel) __attribute__((always_inline)) {
      Floats right[kPanelVectors];
      Weight::template load<Simd>(weights + panel * panel_size, right);
      if constexpr (sizeof(typename Weight::T) == 4 && Simd::kTuning.f32.prefetch != 0) {
        constexpr std::size_t kLine = 64 / sizeof(*weights);
        const auto* ahead =
            weights + panel * panel_size + Simd::kTuning.f32.prefetch / sizeof(*weights);
        unroll<kPanel / kLine>([&](auto line) __attribute__((always_inline)) {
          __builtin_prefetch(ahead + line * kLine);
        });
      }
      unroll<kPanelVectors>([&](auto v) __attribute__((always_inline)) {
        total[panel][v] = multiply_add(total[panel][v], right[v]);
      });
    });
    if constexpr (kHalf != 0) {
      Floats right[kHalfVectors];
      Weight::template load<Simd>(half, right);
      unroll<kHalfVectors>([&](auto v) __attribute__((always_inline)) {
        total[kFull][v] = multiply_add(total[kFull][v], right[v]);
      });
    }
    weights += kPanel;
    half += kOutputPad;
  };
  std::size_t k = 0;
  if constexpr (Simd::kHasLanes) {
    for (; in - k >= kLanes; k += kLanes) {
      const Floats inputs = Floats::load_unaligned(x + k);
      unroll<kLanes>([&](auto lane) __attribute__((always_inline)) {
        add_input([&](Floats sum, Floats right) __attribute__((always_inline)) {
          return Simd::template multiply_add_lane<decltype(lane){}>(inputs, right, sum);
        });
      });
    }
  }
  for (; k != in; ++k) {
    const Floats left(x[k]);
    add_input([&](Floats sum, Floats right)
                  __attribute__((always_inline)) { return Simd::multiply_add(left, right, sum); });
  }
  unroll<kFull>([&](auto panel) __attribute__((always_inline)) {
    Weight::template order<Simd>(total[panel]);
    unroll<kPanelVectors>([&](auto v) __attribute__((always_inline)) {
      total[panel][v].store_unaligned(sums + panel * kPanel + v * kLanes);
    });
  });
  if constexpr (kHalf != 0) {
    Floats ordered[kHalfVectors];
    unroll<kHalfVectors>([&](auto v)
                             __attribute__((always_inline)) { ordered[v] = total[kFull][v]; });
    Weight::template order<Simd>(ordered);
    unroll<kHalfVectors>([&](auto v) __attribute__((always_inline)) {
      ordered[v].store_unaligned(sums + kFull * kPanel + v * kLanes);
    });
  }
}

template <typename Weight>
using RowTileFn = void (*)(const float* x, const typename Weight::T* weights, std::size_t in,
                           float* sums);

// Row tiles of 1 .. kRowPanels whole panels, or with a half one of 0 .. kRowPanels.
template <typename Simd, typename Weight, std::size_t kHalf>
inline constexpr auto kRowTiles = []<std::size_t... I>(std::index_sequence<I...>) {
  return Table<RowTileFn<Weight>, sizeof...(I)>{row_tile<Simd, Weight, I + 1 - kHalf, kHalf>...};
}
(std::make_index_sequence<Weight::template kRowPanels<Simd> + kHalf>{});

template <typename Simd, typename Weight>
void dense_row(const Dense& layer, const float* x, float* y) {
  const std::size_t padded = pad(layer.out, kOutputPad);
  const auto* weights = static_cast<const typename Weight::T*>(layer.weights);
  alignas(64) float sums[kBlock];
  for (std::size_t block = 0; block < padded; block += kBlock) {
    const std::size_t end = smaller(padded, block + kBlock);
    for (std::size_t first = block; first < end;) {
      const std::size_t panels = smaller((end - first) / kPanel, Weight::template kRowPanels<Simd>);
      const bool with_half = end - first == panels * kPanel + kOutputPad;
      const RowTileFn<Weight> run =
          with_half ? kRowTiles<Simd, Weight, 1>[panels] : kRowTiles<Simd, Weight, 0>[panels - 1];
      run(x, weights + first * layer.in, layer.in, sums + (first - block));
      first += panels * kPanel + (with_half ? kOutputPad : 0);
    }
    finish_f32<Simd>(layer, block, sums, end - block, 1, y, 0);
  }
}

template <typename Simd, typename Weight>
void dense(const Dense& layer, const void* x, std::size_t x_stride, void* y, std::size_t y_stride,
           std::size_t rows) {
  const auto* in = static_cast<const float*>(x);
  auto* out = static_cast<float*>(y);
  if (rows == 1) return dense_row<Simd, Weight>(layer, in, out);

  constexpr std::size_t kColumns = Simd::kTuning.f32.vectors * Simd::Floats::size;
  constexpr std::size_t kBlockRows =
      kBlock / kColumns / Simd::kTuning.f32.rows * Simd::kTuning.f32.rows;
  const auto* weights = static_cast<const typename Weight::T*>(layer.weights);
  const std::size_t padded = pad(layer.out, kOutputPad);
  alignas(64) float sums[kBlockRows * kColumns];
  for (std::size_t first = 0; first < padded; first += kColumns) {
    const std::size_t panel = first / kPanel * kPanel;
    const std::size_t columns = smaller(kColumns, padded - first);
    for (std::size_t row = 0; row < rows;) {
      const std::size_t now = next_piece(rows - row, kBlockRows);
      product_of<Simd, Weight>({.a = in + row * x_stride,
                                .a_row = x_stride,
                                .a_column = 1,
                                .b = weights + panel * layer.in + (first - panel),
                                .b_row = smaller(kPanel, padded - panel),
                                .c = sums,
                                .c_row = columns,
                                .m = now,
                                .n = columns,
                                .k = layer.in});
      finish_f32<Simd>(layer, first, sums, columns, now, out + row * y_stride, y_stride);
      row += now;
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
