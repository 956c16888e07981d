// The register tile of bf16 layers that are dot products of pairs of bf16: some rows of inputs meet
// some columns of packed weights at once.
//
// Each element is a sum over k in order, a pair of inputs at a time, the second of them first, one
// rounding a term: a row's result depends neither on the number of rows nor on how they are split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/isa.hpp"
#include "picovae/layout.hpp"

namespace picovae {
namespace {

// What a tile computes: sums [rows][columns] over `in` inputs from the layer's input `first` on. It
// begins with a panel; its columns are vectors of kOutputPad, and if their number is odd, its last
// panel is the half one.
struct PairTile {
  const std::uint16_t* x;  // [rows][in], rows x_stride apart; behind an odd `in` is a 0
  std::size_t x_stride;
  const std::uint16_t* panel;  // the first panel
  std::size_t next_panel;      // from there to the next one
  float* sums;                 // [rows], rows sums_row apart
  std::size_t sums_row;
  std::size_t first, in;  // if `first` is not 0, to add to what sums has
};

template <typename Simd, std::size_t Rows, std::size_t Vectors>
[[gnu::noinline]] void pair_tile(const PairTile& t) {
  using Floats = typename Simd::Floats;
  using Pairs = typename Simd::Pairs;
  static_assert(Floats::size == kOutputPad);
  constexpr std::size_t kWhole = Vectors / 2;
  const std::uint16_t* x = t.x;
  const std::size_t x_stride = t.x_stride, next_panel = t.next_panel;
  const std::uint16_t* whole = t.panel + t.first * kPanel;
  const std::uint16_t* half = t.panel + kWhole * next_panel + t.first * kOutputPad;

  Floats sums[Rows][Vectors];
  unroll<Rows * Vectors>([&](auto i) __attribute__((always_inline)) {
    sums[i / Vectors][i % Vectors] = Floats(0.0f);
  });
  for (std::size_t k = 0; k < t.in; k += 2) {
    // From an input's weights to the next one's. The last input of an odd number, which has a 0
    // beside it, takes its own weights twice: behind them may be the end of the model.
    const std::size_t apart = t.in - k == 1 ? 0 : 1;
    Pairs left[Rows];
    unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      left[r] = Simd::broadcast_pair(x + r * x_stride);
    });
    const auto add = [&](auto v, Pairs right) __attribute__((always_inline)) {
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        sums[r][v] = Simd::dot_pairs(sums[r][v], left[r], right);
      });
    };
    unroll<kWhole>([&](auto panel) __attribute__((always_inline)) {
      const std::uint16_t* from = whole + panel * next_panel;
      Pairs low, high;
      Simd::load_pairs(from, from + apart * kPanel, low, high);
      add(Index<2 * panel>{}, low);
      add(Index<2 * panel + 1>{}, high);
    });
    if constexpr (Vectors % 2 != 0) {
      add(Index<Vectors - 1>{}, Simd::load_half_pairs(half, half + apart * kOutputPad));
    }
    x += 2;
    whole += 2 * kPanel;
    half += 2 * kOutputPad;
  }

  float* to = t.sums;
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    unroll<kWhole>([&](auto panel) __attribute__((always_inline)) {
      Simd::order(sums[r][2 * panel], sums[r][2 * panel + 1]);
    });
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      Floats sum = sums[r][v];
      if (t.first != 0) sum += Floats::load_unaligned(to + v * kOutputPad);
      sum.store_unaligned(to + v * kOutputPad);
    });
    to += t.sums_row;
  });
}

// The tiles' largest sizes: rows, vectors, and vectors of sums, which cover the latency of a dot
// product and leave registers for inputs and weights.
inline constexpr std::size_t kPairRows = 6, kPairVectors = 8, kPairSums = 24;

// Vectors of a tile of so many rows, in whole panels.
constexpr std::size_t pair_tile_width(std::size_t rows) {
  const std::size_t width = kPairSums / rows / 2 * 2;
  return width < kPairVectors ? width : kPairVectors;
}
// The same of the last tile, which takes the half panel too if it can.
constexpr std::size_t last_pair_tile_width(std::size_t rows) {
  const std::size_t width = pair_tile_width(rows);
  return rows * (width + 1) <= kPairSums ? width + 1 : width;
}
// The width of the next tile if `left` vectors are left: all tiles of about the same.
PICOVAE_INLINE std::size_t next_pair_tile(std::size_t rows, std::size_t left) {
  if (left <= last_pair_tile_width(rows)) return left;
  const std::size_t most = pair_tile_width(rows);
  const std::size_t tiles = (left + most - 1) / most;
  return smaller(pad((left + tiles - 1) / tiles, 2), most);
}

using PairTileFn = void (*)(const PairTile&);

template <typename Simd, std::size_t Rows, std::size_t Vectors>
constexpr PairTileFn pair_tile_for() {
  if constexpr (Vectors == 0 || Vectors > last_pair_tile_width(Rows)) {
    return nullptr;  // no layer is cut like this
  } else {
    return pair_tile<Simd, Rows, Vectors>;
  }
}

template <typename Simd>
struct PairTiles {
  static constexpr std::size_t kWidths = kPairVectors + 2;
  static constexpr auto kTable = []<std::size_t... I>(std::index_sequence<I...>) {
    return Table<PairTileFn, sizeof...(I)>{pair_tile_for<Simd, I / kWidths + 1, I % kWidths>()...};
  }
  (std::make_index_sequence<kPairRows * kWidths>{});

  static PICOVAE_INLINE PairTileFn get(std::size_t rows, std::size_t vectors) {
    return kTable[(rows - 1) * kWidths + vectors];
  }
};

}  // namespace
}  // namespace picovae
