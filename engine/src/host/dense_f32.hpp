// f32 arithmetic on every ISA: one register tile for the layers (on packed panels, with a fused
// epilogue) and for the trainer's products (with strides). A layer's weights are f32, or f16 or
// bf16 that become f32 as they are loaded.
//
// Each element is a sum over k in order, one fused multiply-add a term, whichever path computes it:
// a row's result depends neither on the number of rows nor on how they are split.
//
// An Isa gives, beside Floats, multiply_add and what float_weights.hpp wants,
//   kTileRows, kTileVectors  the register tile; kTileVectors vectors are 16 or 32 columns
//   kActivated               vectors that are activated side by side
//   kPrefetch                bytes of f32 that it fetches ahead, or 0: a loss of 3 % where weights
//                            stand in L2, a gain of 12 % where they do not
// and may give multiply_add_lane<I>(a, b, c), the same with lane I of a in all lanes.
#pragma once

#include <utility>

#include "host/activation_f32.hpp"
#include "host/float_weights.hpp"
#include "host/simd.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"

namespace picovae {
namespace {

// A Product (kernels.hpp) whose right side has weights of a type.
template <typename Weight>
struct ProductOf {
  const float* a;
  std::size_t a_row, a_column;
  const typename Weight::T* b;
  std::size_t b_row;
  float* c;
  std::size_t c_row;
  std::size_t m, n, k;
};

// Whether one vector of inputs serves as many multiplications as it has lanes.
template <typename Isa>
inline constexpr bool kHasLanes = requires(typename Isa::Floats f) {
  Isa::template multiply_add_lane<0>(f, f, f);
};

// The register tile: c [Rows][Vectors vectors] = a * b over p.k; p.m and p.n are not read.
template <typename Isa, typename Weight, std::size_t Rows, std::size_t Vectors>
[[gnu::noinline]] void tile(const ProductOf<Weight>& p) {
  using Floats = typename Isa::Floats;
  constexpr std::size_t kLanes = Floats::size;
  const float* a = p.a;
  const typename Weight::T* b = p.b;
  const std::size_t a_row = p.a_row, a_column = p.a_column, b_row = p.b_row;

  Floats sums[Rows][Vectors];
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) { sums[r][v] = Floats(0.0f); });
  });
  // One input of each row; multiply_add(r, sum, right) has row r's.
  const auto add_inputs = [&](auto multiply_add) __attribute__((always_inline)) {
    Floats right[Vectors];
    Weight::template load<Isa>(b, right);
    unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        sums[r][v] = multiply_add(r, sums[r][v], right[v]);
      });
    });
    b += b_row;
  };
  std::size_t k = p.k;
  if constexpr (kHasLanes<Isa>) {
    for (; a_column == 1 && k >= kLanes; k -= kLanes, a += kLanes) {
      Floats left[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        left[r] = Floats::load_unaligned(a + r * a_row);
      });
      unroll<kLanes>([&](auto lane) __attribute__((always_inline)) {
        add_inputs([&](auto r, Floats sum, Floats right) __attribute__((always_inline)) {
          return Isa::template multiply_add_lane<decltype(lane){}>(left[r], right, sum);
        });
      });
    }
  }
  for (; k != 0; --k, a += a_column) {
    add_inputs([&](auto r, Floats sum, Floats right) __attribute__((always_inline)) {
      return Isa::multiply_add(Floats(a[r * a_row]), right, sum);
    });
  }
  float* c = p.c;
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    Weight::template order<Isa>(sums[r]);
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      sums[r][v].store_unaligned(c + v * kLanes);
    });
    c += p.c_row;
  });
}

template <typename Weight>
using TileFn = void (*)(const ProductOf<Weight>&);

template <typename Isa, typename Weight, std::size_t Vectors, std::size_t... I>
constexpr void fill_tiles(TileFn<Weight> (&tiles)[sizeof...(I)], std::index_sequence<I...>) {
  ((tiles[I] = tile<Isa, Weight, I + 1, Vectors>), ...);
}

// Tiles of 1 .. kTileRows rows.
template <typename Isa, typename Weight, std::size_t Vectors>
struct Tiles {
  TileFn<Weight> of_rows[Isa::kTileRows] = {};
  constexpr Tiles() {
    fill_tiles<Isa, Weight, Vectors>(of_rows, std::make_index_sequence<Isa::kTileRows>{});
  }
};
template <typename Isa, typename Weight, std::size_t Vectors>
inline constexpr Tiles<Isa, Weight, Vectors> kTiles;

template <typename Isa, typename Weight>
void product_of(const ProductOf<Weight>& whole) {
  constexpr std::size_t kColumns = Isa::kTileVectors * Isa::Floats::size;
  for (std::size_t first = 0; first < whole.n; first += kColumns) {
    const TileFn<Weight>* tiles = whole.n - first >= kColumns
                                      ? kTiles<Isa, Weight, Isa::kTileVectors>.of_rows
                                      : kTiles<Isa, Weight, kOutputPad / Isa::Floats::size>.of_rows;
    ProductOf<Weight> p = whole;
    p.b += first;
    p.c += first;
    for (std::size_t left = whole.m; left != 0;) {
      const std::size_t rows = next_piece(left, Isa::kTileRows);
      tiles[rows - 1](p);
      p.a += rows * p.a_row;
      p.c += rows * p.c_row;
      left -= rows;
    }
  }
}

template <typename Isa>
void product(const Product& p) {
  product_of<Isa, F32>({p.a, p.a_row, p.a_column, p.b, p.b_row, p.c, p.c_row, p.m, p.n, p.k});
}

// `count` vectors of y = activation(sums + bias), each array moving on by its own step. y may be
// sums.
template <typename Isa, Activation kActivation>
[[gnu::noinline]] void activate_run(const float* sums, std::size_t sums_step, const float* bias,
                                    std::size_t bias_step, float* y, std::size_t y_step,
                                    std::size_t count) {
  using Floats = typename Isa::Floats;
  const auto take = [&](auto vectors) __attribute__((always_inline)) {
    constexpr std::size_t kVectors = decltype(vectors){};
    Floats v[kVectors];
    unroll<kVectors>([&](auto i) __attribute__((always_inline)) {
      v[i] = Floats::load_unaligned(sums + i * sums_step) +
             Floats::load_unaligned(bias + i * bias_step);
    });
    activate_f32<Isa, kActivation>(v);
    unroll<kVectors>([&](auto i)
                         __attribute__((always_inline)) { v[i].store_unaligned(y + i * y_step); });
    sums += kVectors * sums_step;
    bias += kVectors * bias_step;
    y += kVectors * y_step;
  };
  for (; count >= Isa::kActivated; count -= Isa::kActivated) take(Index<Isa::kActivated>{});
  for (; count != 0; --count) take(Index<1>{});
}

// Bias and activation for sums [rows][columns] of the outputs from `first` on, into rows of y.
template <typename Isa>
void finish_f32(const Dense& layer, std::size_t first, float* sums, std::size_t columns,
                std::size_t rows, float* y, std::size_t y_stride) {
  constexpr std::size_t kLanes = Isa::Floats::size;
  const auto* bias = static_cast<const float*>(layer.bias) + first;
  const std::size_t width = smaller(columns, layer.out - first);
  const std::size_t whole = width / kLanes * kLanes;
  const auto run =
      layer.activation == Activation::kSoftplus  ? activate_run<Isa, Activation::kSoftplus>
      : layer.activation == Activation::kSigmoid ? activate_run<Isa, Activation::kSigmoid>
                                                 : activate_run<Isa, Activation::kIdentity>;
  y += first;
  if (rows == 1) {
    run(sums, kLanes, bias, kLanes, y, kLanes, whole / kLanes);
  } else {
    for (std::size_t j = 0; j < whole; j += kLanes) {
      run(sums + j, columns, bias + j, 0, y + j, y_stride, rows);
    }
  }
  if (whole == width) return;
  run(sums + whole, columns, bias + whole, 0, sums + whole, columns, rows);
  for (; rows != 0; --rows, sums += columns, y += y_stride) {
    copy(sums + whole, y + whole, width - whole);
  }
}

// Sums that wait for their epilogue: enough of them that its long chains of arithmetic overlap.
inline constexpr std::size_t kBlock = 4096;

// One row of x times kFull whole panels, one behind the other, and kHalf panels of kOutputPad
// columns: sums [kFull * kPanel + kHalf * kOutputPad]. Bound by the bytes of the weights, so
// several panels are read at once: their sums are what hides the latency of the additions.
template <typename Isa, typename Weight, std::size_t kFull, std::size_t kHalf>
[[gnu::noinline]] void row_tile(const float* x, const typename Weight::T* weights, std::size_t in,
                                float* sums) {
  using Floats = typename Isa::Floats;
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
      Weight::template load<Isa>(weights + panel * panel_size, right);
      if constexpr (sizeof(typename Weight::T) == 4 && Isa::kPrefetch != 0) {
        constexpr std::size_t kLine = 64 / sizeof(*weights);
        const auto* ahead = weights + panel * panel_size + Isa::kPrefetch / sizeof(*weights);
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
      Weight::template load<Isa>(half, right);
      unroll<kHalfVectors>([&](auto v) __attribute__((always_inline)) {
        total[kFull][v] = multiply_add(total[kFull][v], right[v]);
      });
    }
    weights += kPanel;
    half += kOutputPad;
  };
  std::size_t k = 0;
  if constexpr (kHasLanes<Isa>) {
    for (; in - k >= kLanes; k += kLanes) {
      const Floats inputs = Floats::load_unaligned(x + k);
      unroll<kLanes>([&](auto lane) __attribute__((always_inline)) {
        add_input([&](Floats sum, Floats right) __attribute__((always_inline)) {
          return Isa::template multiply_add_lane<decltype(lane){}>(inputs, right, sum);
        });
      });
    }
  }
  for (; k != in; ++k) {
    const Floats left(x[k]);
    add_input([&](Floats sum, Floats right)
                  __attribute__((always_inline)) { return Isa::multiply_add(left, right, sum); });
  }
  unroll<kFull>([&](auto panel) __attribute__((always_inline)) {
    Weight::template order<Isa>(total[panel]);
    unroll<kPanelVectors>([&](auto v) __attribute__((always_inline)) {
      total[panel][v].store_unaligned(sums + panel * kPanel + v * kLanes);
    });
  });
  if constexpr (kHalf != 0) {
    Floats ordered[kHalfVectors];
    unroll<kHalfVectors>([&](auto v)
                             __attribute__((always_inline)) { ordered[v] = total[kFull][v]; });
    Weight::template order<Isa>(ordered);
    unroll<kHalfVectors>([&](auto v) __attribute__((always_inline)) {
      ordered[v].store_unaligned(sums + kFull * kPanel + v * kLanes);
    });
  }
}

template <typename Weight>
using RowTileFn = void (*)(const float* x, const typename Weight::T* weights, std::size_t in,
                           float* sums);

template <typename Isa, typename Weight, std::size_t kHalf, std::size_t... I>
constexpr void fill_row_tiles(RowTileFn<Weight> (&tiles)[sizeof...(I) + 1],
                              std::index_sequence<I...>) {
  ((tiles[I + 1] = row_tile<Isa, Weight, I + 1, kHalf>), ...);
}

// Of 1 .. kRowPanels whole panels, or of the half one alone.
template <typename Isa, typename Weight>
struct RowTiles {
  RowTileFn<Weight> without_half[Weight::template kRowPanels<Isa> + 1] = {};
  RowTileFn<Weight> with_half[Weight::template kRowPanels<Isa> + 1] = {};
  constexpr RowTiles() {
    fill_row_tiles<Isa, Weight, 0>(without_half,
                                   std::make_index_sequence<Weight::template kRowPanels<Isa>>{});
    fill_row_tiles<Isa, Weight, 1>(with_half,
                                   std::make_index_sequence<Weight::template kRowPanels<Isa>>{});
    with_half[0] = row_tile<Isa, Weight, 0, 1>;
  }
};
template <typename Isa, typename Weight>
inline constexpr RowTiles<Isa, Weight> kRowTiles;

template <typename Isa, typename Weight>
void dense_row(const Dense& layer, const float* x, float* y) {
  constexpr const RowTiles<Isa, Weight>& kTilesOf = kRowTiles<Isa, Weight>;
  const std::size_t padded = pad(layer.out, kOutputPad);
  const auto* weights = static_cast<const typename Weight::T*>(layer.weights);
  alignas(64) float sums[kBlock];
  for (std::size_t block = 0; block < padded; block += kBlock) {
    const std::size_t end = smaller(padded, block + kBlock);
    for (std::size_t first = block; first < end;) {
      const std::size_t panels = smaller((end - first) / kPanel, Weight::template kRowPanels<Isa>);
      const bool with_half = end - first == panels * kPanel + kOutputPad;
      const RowTileFn<Weight> run =
          with_half ? kTilesOf.with_half[panels] : kTilesOf.without_half[panels];
      run(x, weights + first * layer.in, layer.in, sums + (first - block));
      first += panels * kPanel + (with_half ? kOutputPad : 0);
    }
    finish_f32<Isa>(layer, block, sums, end - block, 1, y, 0);
  }
}

template <typename Isa, typename Weight>
void dense_float(const Dense& layer, const void* x, std::size_t x_stride, void* y,
                 std::size_t y_stride, std::size_t rows) {
  const auto* in = static_cast<const float*>(x);
  auto* out = static_cast<float*>(y);
  if (rows == 1) return dense_row<Isa, Weight>(layer, in, out);

  constexpr std::size_t kColumns = Isa::kTileVectors * Isa::Floats::size;
  constexpr std::size_t kBlockRows = kBlock / kColumns / Isa::kTileRows * Isa::kTileRows;
  const auto* weights = static_cast<const typename Weight::T*>(layer.weights);
  const std::size_t padded = pad(layer.out, kOutputPad);
  alignas(64) float sums[kBlockRows * kColumns];
  for (std::size_t first = 0; first < padded; first += kColumns) {
    const std::size_t panel = first / kPanel * kPanel;
    const std::size_t columns = smaller(kColumns, padded - first);
    for (std::size_t row = 0; row < rows;) {
      const std::size_t now = next_piece(rows - row, kBlockRows);
      product_of<Isa, Weight>({.a = in + row * x_stride,
                               .a_row = x_stride,
                               .a_column = 1,
                               .b = weights + panel * layer.in + (first - panel),
                               .b_row = smaller(kPanel, padded - panel),
                               .c = sums,
                               .c_row = columns,
                               .m = now,
                               .n = columns,
                               .k = layer.in});
      finish_f32<Isa>(layer, first, sums, columns, now, out + row * y_stride, y_stride);
      row += now;
    }
  }
}

}  // namespace
}  // namespace picovae
