// Which terms of a product are not zero in all rows of a tile: of an image most pixels are dark,
// and of a few images still half.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "host/isa.hpp"

namespace picovae {
namespace {

inline constexpr std::size_t kSparseDepth = 208;  // terms at a time: a quarter of a digit

// For a tile of up to MostRows rows.
template <typename Simd, std::size_t MostRows>
struct NonzeroTerms {
  std::size_t rows, count;
  const float* values;             // [count][rows]
  std::uint32_t at[kSparseDepth];  // of each term: where b has its row

  // Fills this for rows of a and `terms` terms, at most kSparseDepth; a, a_row, a_column and b_row
  // as in Product. Values go to `to` [terms][rows], as many as there are. Returns their end.
  float* find(const float* a, std::size_t a_row, std::size_t a_column, std::size_t tile_rows,
              std::size_t terms, std::size_t b_row, float* to) {
    rows = tile_rows;
    count = 0;
    values = to;
    if (a_column == 1) {
      find_in_rows(a, a_row, terms, b_row, to);
    } else if (rows == MostRows) {
      find_in_columns<MostRows>(a, a_column, MostRows, terms, b_row, to);
    } else {
      find_in_columns<0>(a, a_column, rows, terms, b_row, to);
    }
    return to + rows * count;
  }

 private:
  static PICOVAE_INLINE std::uint32_t bits(const float* from) {
    std::uint32_t b;
    std::memcpy(&b, from, sizeof b);
    return b;
  }

  // No branch depends on what a holds: a processor could not guess it. A term is written first and
  // kept or not by counting it.
  PICOVAE_INLINE void find_in_rows(const float* a, std::size_t a_row, std::size_t terms,
                                   std::size_t b_row, float* to) {
    using Floats = typename Simd::Floats;
    float any[kSparseDepth];  // the bits of a term's numbers, or-ed
    std::size_t l = 0;
    for (; l + Floats::size <= terms; l += Floats::size) {
      Floats together = Floats::load_unaligned(a + l);
      for (std::size_t r = 1; r < rows; ++r) {
        together = together | Floats::load_unaligned(a + r * a_row + l);
      }
      together.store_unaligned(any + l);
    }
    for (; l < terms; ++l) {
      std::uint32_t together = 0;
      for (std::size_t r = 0; r < rows; ++r) together |= bits(a + r * a_row + l);
      std::memcpy(any + l, &together, sizeof together);
    }
    for (l = 0; l < terms; ++l) {
      at[count] = static_cast<std::uint32_t>(l);
      count += bits(any + l) != 0;
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t r = 0; r < rows; ++r) *to++ = a[r * a_row + at[i]];
      at[i] *= static_cast<std::uint32_t>(b_row);
    }
  }

  // kRows: their number if it is known here, or 0.
  template <std::size_t kRows>
  PICOVAE_INLINE void find_in_columns(const float* a, std::size_t a_column, std::size_t some_rows,
                                      std::size_t terms, std::size_t b_row, float* to) {
    const std::size_t n = kRows != 0 ? kRows : some_rows;
    std::size_t kept = 0;
    for (std::size_t l = 0; l < terms; ++l, a += a_column) {
      std::uint32_t any = 0;
      for (std::size_t r = 0; r < n; ++r) {
        any |= bits(a + r);
        to[r] = a[r];
      }
      at[kept] = static_cast<std::uint32_t>(l * b_row);
      kept += any != 0;
      to += any != 0 ? n : 0;
    }
    count = kept;
  }
};

}  // namespace
}  // namespace picovae
