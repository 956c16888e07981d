// The register tile of f32 layers: some rows of inputs meet some columns of packed weights at once.
//
// Each element is a sum over k in order, one fused multiply-add a term, on every path: a row's
// result depends neither on the number of rows nor on how they are split.
#pragma once

#include <cstddef>
#include <utility>

#include "host/float_weights.hpp"
#include "host/isa.hpp"
#include "picovae/layout.hpp"

namespace picovae {
namespace {

// What a tile computes: sums [rows][columns] over k inputs. Its columns may begin and end inside of
// a panel: before a whole panel, in whole ones, behind these.
template <typename Weight>
struct PanelTile {
  const float* x;  // [rows][k], rows x_stride apart
  std::size_t x_stride;
  const typename Weight::T* panel;  // the first input's weights in the panel of the first column
  std::size_t next_panel;           // from there to those in the next panel
  std::size_t first_step;           // from one input to the next in the panel of the first column
  std::size_t last_step;            // the same of the last one
  float* sums;                      // [rows], rows sums_row apart
  std::size_t sums_row;
  std::size_t k;
};

// In vectors.
template <typename Simd>
inline constexpr std::size_t kPanelVectors = kPanel / Simd::Floats::size;
template <typename Simd>
inline constexpr std::size_t kHalfVectors = kOutputPad / Simd::Floats::size;

// Its columns are kWidth vectors from the vector kFirst of a panel on.
template <typename Simd, typename Weight, std::size_t Rows, std::size_t kFirst, std::size_t kWidth>
[[gnu::noinline]] void panel_tile(const PanelTile<Weight>& t) {
  using Floats = typename Simd::Floats;
  constexpr std::size_t kLanes = Floats::size;
  constexpr std::size_t kWide = kPanelVectors<Simd>;
  constexpr std::size_t kBefore = kFirst == 0               ? 0
                                  : kWide - kFirst < kWidth ? kWide - kFirst
                                                            : kWidth;
  constexpr std::size_t kWhole = (kWidth - kBefore) / kWide;
  constexpr std::size_t kBehind = (kWidth - kBefore) % kWide;
  const float* x = t.x;
  const std::size_t x_stride = t.x_stride, next_panel = t.next_panel;
  const std::size_t first_step = t.first_step, last_step = t.last_step;
  const auto* before = t.panel + kFirst * kLanes;
  const auto* whole = t.panel + (kBefore != 0 ? next_panel : 0);
  const auto* behind = whole + kWhole * next_panel;

  Floats sums[Rows][kWidth];
  unroll<Rows * kWidth>([&](auto i) __attribute__((always_inline)) {
    sums[i / kWidth][i % kWidth] = Floats(0.0f);
  });
  // Calls each(from, first, vectors) for the weights of the next input, a strip of a panel at a
  // time; `first` is the strip's first sum.
  const auto for_strips = [&](auto each) __attribute__((always_inline)) {
    if constexpr (kBefore != 0) {
      each(before, Index<0>{}, Index<kBefore>{});
      before += first_step;
    }
    unroll<kWhole>([&](auto panel) __attribute__((always_inline)) {
      const auto* from = whole + panel * next_panel;
      // One line of two: processors fetch its neighbour themselves.
      if constexpr (Rows == 1 && sizeof(typename Weight::T) == 4 &&
                    Simd::kTuning.f32.prefetch != 0) {
        __builtin_prefetch(from + Simd::kTuning.f32.prefetch / sizeof(typename Weight::T));
      }
      each(from, Index<kBefore + panel * kWide>{}, Index<kWide>{});
    });
    if constexpr (kWhole != 0) whole += kPanel;
    if constexpr (kBehind != 0) {
      each(behind, Index<kBefore + kWhole * kWide>{}, Index<kBehind>{});
      behind += last_step;
    }
  };
  // One input of each row, input(r), meets its weights. What is the fewer, inputs or weights, waits
  // in registers for the other.
  const auto add_inputs = [&](auto input, auto multiply_add) __attribute__((always_inline)) {
    if constexpr (Rows > kWidth) {
      Floats right[kWidth];
      for_strips([&](const auto* from, auto first, auto vectors) __attribute__((always_inline)) {
        Floats strip[decltype(vectors){}];
        Weight::template load<Simd>(from, strip);
        unroll<decltype(vectors){}>([&](auto v) __attribute__((always_inline)) {
          PICOVAE_HOLD(strip[v].data);
          right[first + v] = strip[v];
        });
      });
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        const Floats left = input(r);
        unroll<kWidth>([&](auto v) __attribute__((always_inline)) {
          sums[r][v] = multiply_add(left, right[v], sums[r][v]);
        });
      });
    } else {
      Floats left[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) { left[r] = input(r); });
      for_strips([&](const auto* from, auto first, auto vectors) __attribute__((always_inline)) {
        constexpr std::size_t kTogether = Weight::template kTogether<Simd, decltype(vectors){}>;
        unroll<decltype(vectors){} / kTogether>([&](auto step) __attribute__((always_inline)) {
          Floats right[kTogether];
          Weight::template load<Simd>(from + step * kTogether * kLanes, right);
          unroll<kTogether>([&](auto v) __attribute__((always_inline)) {
            if constexpr (Rows > 1) PICOVAE_HOLD(right[v].data);
            unroll<Rows>([&](auto r) __attribute__((always_inline)) {
              Floats& sum = sums[r][first + step * kTogether + v];
              sum = multiply_add(left[r], right[v], sum);
            });
          });
        });
      });
    }
  };
  std::size_t k = t.k;
  if constexpr (Simd::kHasLanes) {
    for (; k >= kLanes; k -= kLanes, x += kLanes) {
      Floats left[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        left[r] = Floats::load_unaligned(x + r * x_stride);
      });
      unroll<kLanes>([&](auto lane) __attribute__((always_inline)) {
        add_inputs(
            [&](auto r) __attribute__((always_inline)) { return left[r]; },
            [&](Floats a, Floats b, Floats sum) __attribute__((always_inline)) {
              return Simd::template multiply_add_lane<decltype(lane){}>(a, b, sum);
            });
      });
    }
  }
  for (; k != 0; --k, ++x) {
    add_inputs(
        [&](auto r) __attribute__((always_inline)) { return Floats(x[r * x_stride]); },
        [](Floats a, Floats b, Floats sum)
            __attribute__((always_inline)) { return Simd::multiply_add(a, b, sum); });
  }
  const auto order_strip = [&](auto first, auto vectors) __attribute__((always_inline)) {
    if constexpr (Weight::template kMixed<Simd, decltype(vectors){}>) {
      unroll<Rows* decltype(vectors){} / 2>([&](auto i) __attribute__((always_inline)) {
        Floats* pair = &sums[i % Rows][first + i / Rows * 2];
        Simd::interleave(pair[0], pair[1]);
      });
    }
  };
  order_strip(Index<0>{}, Index<kBefore>{});
  unroll<kWhole>([&](auto panel) __attribute__((always_inline)) {
    order_strip(Index<kBefore + panel * kWide>{}, Index<kWide>{});
  });
  order_strip(Index<kBefore + kWhole * kWide>{}, Index<kBehind>{});
  float* to = t.sums;
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    unroll<kWidth>([&](auto v) __attribute__((always_inline)) {
      sums[r][v].store_unaligned(to + v * kLanes);
    });
    to += t.sums_row;
  });
}

// The greatest one; <numeric> has std::gcd, but a freestanding library may lack the header.
constexpr std::size_t common_divisor(std::size_t a, std::size_t b) {
  return b == 0 ? a : common_divisor(b, a % b);
}

// The width of the tiles of so many rows, in vectors: as much as the ISA has registers for their
// sums, and inputs come in fast enough. Tiles that others of fewer rows may follow, to the same
// columns, do not straddle two panels.
template <typename Simd, typename Weight>
constexpr std::size_t tile_width(std::size_t rows) {
  constexpr FloatTuning kTuning = Simd::kTuning.f32;
  constexpr std::size_t kWide = kPanelVectors<Simd>;
  if (rows == 1) return Weight::template kRowPanels<Simd> * kWide;
  const std::size_t fits = kTuning.sums / rows;
  std::size_t width = fits < kTuning.width ? fits : kTuning.width;
  if (rows <= kTuning.many_rows) {
    while (kWide % width != 0 && width % kWide != 0) --width;
  }
  return width;
}
// The same of the last tile, which takes half a panel more if it can.
template <typename Simd, typename Weight>
constexpr std::size_t last_tile_width(std::size_t rows) {
  const std::size_t width = tile_width<Simd, Weight>(rows) + kHalfVectors<Simd>;
  return rows == 1 || rows * width <= Simd::kTuning.f32.sums ? width
                                                             : tile_width<Simd, Weight>(rows);
}

// A tile of so many rows starts at multiples of this, in vectors from the start of a panel: at
// those of its own width, and of those that it follows.
template <typename Simd, typename Weight>
constexpr std::size_t tile_start(std::size_t rows) {
  std::size_t unit = common_divisor(tile_width<Simd, Weight>(rows), kPanelVectors<Simd>);
  while (++rows <= Simd::kTuning.f32.many_rows) {
    unit = common_divisor(unit, tile_width<Simd, Weight>(rows));
  }
  return unit;
}

template <typename Weight>
using PanelTileFn = void (*)(const PanelTile<Weight>&);

template <typename Simd, typename Weight, std::size_t Rows, std::size_t kFirst, std::size_t kWidth>
constexpr PanelTileFn<Weight> panel_tile_for() {
  constexpr std::size_t kUnit = tile_start<Simd, Weight>(Rows);
  if constexpr (kWidth == 0 || kWidth > last_tile_width<Simd, Weight>(Rows) ||
                kFirst % kUnit != 0 || kWidth % common_divisor(kUnit, kHalfVectors<Simd>) != 0) {
    return nullptr;  // no layer is cut like this
  } else {
    return panel_tile<Simd, Weight, Rows, kFirst, kWidth>;
  }
}

// The tiles of up to Simd::kTuning.f32.rows rows.
template <typename Simd, typename Weight>
struct PanelTiles {
  static constexpr std::size_t kRows = Simd::kTuning.f32.rows;
  static constexpr std::size_t kFirsts = kPanelVectors<Simd>;
  static constexpr std::size_t kWidths = 1 + []() {
    std::size_t most = 0;
    for (std::size_t rows = 1; rows <= kRows; ++rows) {
      const std::size_t width = last_tile_width<Simd, Weight>(rows);
      most = most < width ? width : most;
    }
    return most;
  }();
  static constexpr auto kTable = []<std::size_t... I>(std::index_sequence<I...>) {
    return Table<PanelTileFn<Weight>, sizeof...(I)>{
        panel_tile_for<Simd, Weight, I / kWidths / kFirsts + 1, I / kWidths % kFirsts,
                       I % kWidths>()...};
  }
  (std::make_index_sequence<kRows * kFirsts * kWidths>{});

  static PICOVAE_INLINE PanelTileFn<Weight> get(std::size_t rows, std::size_t first,
                                                std::size_t width) {
    return kTable[((rows - 1) * kFirsts + first) * kWidths + width];
  }
};

}  // namespace
}  // namespace picovae
