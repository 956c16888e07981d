// The register tile of the trainer's product: the sums of a few rows and columns of c, kept in
// registers over a block of k.
//
// Each sum runs over k in order, one fused multiply-add a term, and goes on from c where an earlier
// block ended: its bits depend neither on how k is cut nor on what else the tile holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/isa.hpp"

namespace picovae {
namespace {

// Where a tile finds the two sides of a term.
enum class Terms {
  kAll,      // every one: a moves by a_column, b by b_row
  kPacking,  // the same, and the columns that it reads of b go to `packed`, row behind row
  kListed,   // b[at[i]] meets the i-th group of a, which has one number for each row
};

struct TileTask {
  const float* a;
  std::size_t a_row, a_column;  // not of a list
  const float* b;
  std::size_t b_row;  // not of a list
  float* c;
  std::size_t c_row;
  std::size_t terms;
  bool more;  // the sums go on from c
  float* packed = nullptr;
  const std::uint32_t* at = nullptr;
};

// c [Rows][Vectors vectors] = or += a * b. What there are fewer of, rows or vectors, waits in
// registers for the other: a tile of 12 sums leaves no more than four of 16.
template <typename Simd, Terms kTerms, std::size_t Rows, std::size_t Vectors>
[[gnu::noinline]] void multiply_tile(const TileTask& task) {
  using Floats = typename Simd::Floats;
  constexpr std::size_t kLanes = Floats::size;
  const float* a = task.a;
  const float* b = task.b;
  float* const c = task.c;
  float* packed = task.packed;
  const std::size_t a_row = kTerms == Terms::kListed ? 1 : task.a_row;
  const std::size_t c_row = task.c_row;

  Floats sums[Rows][Vectors];
  unroll<Rows * Vectors>([&](auto i) __attribute__((always_inline)) {
    sums[i / Vectors][i % Vectors] = Floats(0.0f);
  });
  if (task.more) {
    unroll<Rows * Vectors>([&](auto i) __attribute__((always_inline)) {
      sums[i / Vectors][i % Vectors] =
          Floats::load_unaligned(c + i / Vectors * c_row + i % Vectors * kLanes);
    });
  }
  const auto left = [&](auto r) __attribute__((always_inline)) { return Floats(a[r * a_row]); };
  const auto right = [&](auto v) __attribute__((always_inline)) {
    const Floats vector = Floats::load_unaligned(b + v * kLanes);
    if constexpr (kTerms == Terms::kPacking) vector.store_unaligned(packed + v * kLanes);
    return vector;
  };
  for (std::size_t term = 0; term != task.terms; ++term) {
    if constexpr (kTerms == Terms::kListed) b = task.b + task.at[term];
    if constexpr (Rows < Vectors) {
      Floats lefts[Rows];
      unroll<Rows>([&](auto r) __attribute__((always_inline)) { lefts[r] = left(r); });
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        const Floats from_right = right(v);
        unroll<Rows>([&](auto r) __attribute__((always_inline)) {
          sums[r][v] = Simd::multiply_add(lefts[r], from_right, sums[r][v]);
        });
      });
    } else {
      Floats rights[Vectors];
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) { rights[v] = right(v); });
      unroll<Rows>([&](auto r) __attribute__((always_inline)) {
        const Floats from_left = left(r);
        unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
          sums[r][v] = Simd::multiply_add(from_left, rights[v], sums[r][v]);
        });
      });
    }
    if constexpr (kTerms == Terms::kListed) {
      a += Rows;
    } else {
      a += task.a_column;
      b += task.b_row;
    }
    if constexpr (kTerms == Terms::kPacking) packed += Vectors * kLanes;
  }
  unroll<Rows * Vectors>([&](auto i) __attribute__((always_inline)) {
    Floats sum = sums[i / Vectors][i % Vectors];
    // A term that is left out would have made +0 of -0, to which sums may underflow.
    if constexpr (kTerms == Terms::kListed) sum = sum + Floats(0.0f);
    sum.store_unaligned(c + i / Vectors * c_row + i % Vectors * kLanes);
  });
}

using TileFn = void (*)(const TileTask&);

// Tiles of 1 .. MostRows rows.
template <typename Simd, Terms kTerms, std::size_t Vectors, std::size_t MostRows>
inline constexpr auto kProductTiles = []<std::size_t... I>(std::index_sequence<I...>) {
  return Table<TileFn, MostRows>{multiply_tile<Simd, kTerms, I + 1, Vectors>...};
}
(std::make_index_sequence<MostRows>{});

// The tile of `rows` and of `columns`, a multiple of 16 and at most those of MostVectors vectors.
template <typename Simd, Terms kTerms, std::size_t MostVectors, std::size_t MostRows>
TileFn tile_of(std::size_t rows, std::size_t columns) {
  constexpr std::size_t kColumns = MostVectors * Simd::Floats::size;
  if (columns == kColumns) return kProductTiles<Simd, kTerms, MostVectors, MostRows>[rows - 1];
  if constexpr (kColumns > 16) {
    constexpr std::size_t kFewer = MostVectors - 16 / Simd::Floats::size;
    return tile_of<Simd, kTerms, kFewer, MostRows>(rows, columns);
  } else {
    return nullptr;
  }
}

}  // namespace
}  // namespace picovae
