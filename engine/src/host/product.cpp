// The trainer's product of one ISA: CMake compiles this file once for each ISA whose f32 is its own
// and has a fused multiply-add (engine/cmake/isa.cmake).
//
// k is cut into blocks and the columns into strips as wide as a tile, so that a strip of b stays in
// L1 while all rows pass it. In b its rows are far apart, often a page each, and more pages than a
// TLB has entries; so the first tile of a strip that many tiles read packs it, which is nearly
// free: a tile is bound by its multiply-adds.
#include "host/product.hpp"

#include "host/isa.hpp"
#include "host/nonzero_terms.hpp"
#include "host/product_tile.hpp"
#include "host/transpose_f32.hpp"

#if !defined(PICOVAE_ISA)
#error "CMake compiles this file once an ISA"
#endif

namespace picovae {
namespace {

// The tile of all terms.
template <typename Simd>
struct DenseTile {
  static constexpr std::size_t kVectors = Simd::kTuning.f32.product_vectors;
  static constexpr std::size_t kRows = Simd::kTuning.f32.product_rows;
  static constexpr std::size_t kColumns = kVectors * Simd::Floats::size;
};

// That of terms that are not zero in all rows. The fewer rows, the fewer terms: it is as wide as
// four vectors and has as many sums as the other one.
template <typename Simd>
struct SparseTile {
  static constexpr std::size_t kVectors = 4;
  static constexpr std::size_t kRows =
      DenseTile<Simd>::kRows * DenseTile<Simd>::kVectors / kVectors;
  static constexpr std::size_t kColumns = kVectors * Simd::Floats::size;
};

// Terms at a time: a strip of AVX2 then takes 20 KB, so that L1 has room for some rows of a as
// well.
inline constexpr std::size_t kDepth = 320;

// A strip that no more tiles read is not packed: that would cost more than it saves.
inline constexpr std::size_t kFewTiles = 5;

// Rows of a at most, whose nonzero terms are found at once.
inline constexpr std::size_t kBlockRows = 60;

// p.k is at most the depth of a strip.
template <typename Simd>
void multiply_all(const Product& p, bool more) {
  using S = DenseTile<Simd>;
  alignas(64) float strip[kDepth * S::kColumns];
  for (std::size_t first = 0; first < p.n; first += S::kColumns) {
    const std::size_t columns = smaller(S::kColumns, pad(p.n - first, 16));
    TileTask task = {.a = p.a,
                     .a_row = p.a_row,
                     .a_column = p.a_column,
                     .b = p.b + first * p.b_column,
                     .b_row = p.b_row,
                     .c = p.c + first,
                     .c_row = p.c_row,
                     .terms = p.k,
                     .more = more,
                     .packed = strip};
    bool packed = false;
    if (p.b_row == 1) {  // transposed, even if b_column is 1 too, since k is
      transpose_strip(task.b, p.b_column, smaller(columns, p.n - first), p.k, columns, strip);
      packed = true;
    }
    for (std::size_t left = p.m; left != 0;) {
      const std::size_t rows = next_piece(left, S::kRows);
      if (packed) {
        task.b = strip;
        task.b_row = columns;
        tile_of<Simd, Terms::kAll, S::kVectors, S::kRows>(rows, columns)(task);
      } else if (p.m <= kFewTiles * S::kRows) {
        tile_of<Simd, Terms::kAll, S::kVectors, S::kRows>(rows, columns)(task);
      } else {
        tile_of<Simd, Terms::kPacking, S::kVectors, S::kRows>(rows, columns)(task);
        packed = true;
      }
      task.a += rows * p.a_row;
      task.c += rows * p.c_row;
      left -= rows;
    }
  }
}

// A strip of b is not packed here: each tile reads few of its rows.
template <typename Simd>
void multiply_nonzero(const Product& p, bool more) {
  using S = SparseTile<Simd>;
  constexpr std::size_t kTiles = kBlockRows / S::kRows;
  NonzeroTerms<Simd, S::kRows> tiles[kTiles];
  alignas(64) float left[kBlockRows * kSparseDepth];
  for (std::size_t row = 0; row < p.m;) {
    const std::size_t block = next_piece(p.m - row, kTiles * S::kRows);
    std::size_t count = 0;
    float* to = left;
    for (std::size_t done = 0; done < block; ++count) {
      const std::size_t rows = next_piece(block - done, S::kRows);
      to = tiles[count].find(p.a + (row + done) * p.a_row, p.a_row, p.a_column, rows, p.k, p.b_row,
                             to);
      done += rows;
    }
    for (std::size_t first = 0; first < p.n; first += S::kColumns) {
      const std::size_t columns = smaller(S::kColumns, p.n - first);
      float* c = p.c + row * p.c_row + first;
      for (std::size_t t = 0; t < count; ++t) {
        const auto& of = tiles[t];
        tile_of<Simd, Terms::kListed, S::kVectors, S::kRows>(of.rows, columns)({.a = of.values,
                                                                                .a_row = 1,
                                                                                .a_column = of.rows,
                                                                                .b = p.b + first,
                                                                                .b_row = p.b_row,
                                                                                .c = c,
                                                                                .c_row = p.c_row,
                                                                                .terms = of.count,
                                                                                .more = more,
                                                                                .at = of.at});
        c += of.rows * p.c_row;
      }
    }
    row += block;
  }
}

template <typename Simd>
void multiply(const Product& whole) {
  std::size_t done = 0;
  do {  // once if k is 0: c becomes zero
    Product p = whole;
    p.k = next_piece(whole.k - done, whole.skip_zeros ? kSparseDepth : kDepth);
    p.a += done * p.a_column;
    p.b += done * p.b_row;
    if (whole.skip_zeros) {
      multiply_nonzero<Simd>(p, done != 0);
    } else {
      multiply_all<Simd>(p, done != 0);
    }
    done += p.k;
  } while (done != whole.k);
}

}  // namespace

namespace PICOVAE_ISA {

void product(const Product& p) { multiply<PICOVAE_ISA_TYPE>(p); }

}  // namespace PICOVAE_ISA
}  // namespace picovae
