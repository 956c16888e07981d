// The register tile of f32 products: what the layers (dense_f32.cpp) and the trainer (product.cpp)
// share.
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

// A Product (product.hpp) whose right side has weights of one type.
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

// The register tile: c [Rows][Vectors vectors] = a * b over p.k; p.m and p.n are not read.
template <typename Simd, typename Weight, std::size_t Rows, std::size_t Vectors>
[[gnu::noinline]] void tile(const ProductOf<Weight>& p) {
  using Floats = typename Simd::Floats;
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
    Weight::template load<Simd>(b, right);
    unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        sums[r][v] = multiply_add(r, sums[r][v], right[v]);
      });
    });
    b += b_row;
  };
  std::size_t k = p.k;
  if constexpr (Simd::kHasLanes) {
    for (; a_column == 1 && k >= kLanes; k -= kLanes, a += kLanes) {
      Floats left[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        left[r] = Floats::load_unaligned(a + r * a_row);
      });
      unroll<kLanes>([&](auto lane) __attribute__((always_inline)) {
        add_inputs([&](auto r, Floats sum, Floats right) __attribute__((always_inline)) {
          return Simd::template multiply_add_lane<decltype(lane){}>(left[r], right, sum);
        });
      });
    }
  }
  for (; k != 0; --k, a += a_column) {
    add_inputs([&](auto r, Floats sum, Floats right) __attribute__((always_inline)) {
      return Simd::multiply_add(Floats(a[r * a_row]), right, sum);
    });
  }
  float* c = p.c;
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      sums[r][v].store_unaligned(c + v * kLanes);
    });
    c += p.c_row;
  });
}

template <typename Weight>
using TileFn = void (*)(const ProductOf<Weight>&);

// Tiles of 1 .. f32_rows rows.
template <typename Simd, typename Weight, std::size_t Vectors>
inline constexpr auto kTiles = []<std::size_t... I>(std::index_sequence<I...>) {
  return Table<TileFn<Weight>, sizeof...(I)>{tile<Simd, Weight, I + 1, Vectors>...};
}
(std::make_index_sequence<Simd::kTuning.f32.rows>{});

template <typename Simd, typename Weight>
void product_of(const ProductOf<Weight>& whole) {
  constexpr std::size_t kColumns = Simd::kTuning.f32.vectors * Simd::Floats::size;
  for (std::size_t first = 0; first < whole.n; first += kColumns) {
    const bool wide = whole.n - first >= kColumns;
    ProductOf<Weight> p = whole;
    p.b += first;
    p.c += first;
    for (std::size_t left = whole.m; left != 0;) {
      const std::size_t rows = next_piece(left, Simd::kTuning.f32.rows);
      const TileFn<Weight> run =
          wide ? kTiles<Simd, Weight, Simd::kTuning.f32.vectors>[rows - 1]
               : kTiles<Simd, Weight, kOutputPad / Simd::Floats::size>[rows - 1];
      run(p);
      p.a += rows * p.a_row;
      p.c += rows * p.c_row;
      left -= rows;
    }
  }
}

}  // namespace
}  // namespace picovae
