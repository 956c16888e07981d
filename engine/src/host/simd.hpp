// The only file that includes xsimd, and the few helpers that its users share.
//
// Kernel files are compiled with flags of their ISA, so nothing they emit may ever be called on
// behalf of another file. All of this is internal to each file, and templates take a type of that
// file (its Isa), which makes their instances internal too. xsimd's own functions are not, but
// carry the ISA in their names, and at -O2 none of them is left.
#pragma once

#include <cstddef>
#include <utility>
#include <xsimd/xsimd.hpp>

#define PICOVAE_INLINE inline __attribute__((always_inline))

namespace picovae {
namespace {

// A compile-time index that still reads like a number.
template <std::size_t I>
struct Index {
  PICOVAE_INLINE constexpr operator std::size_t() const { return I; }
};

template <typename Body, std::size_t... I>
PICOVAE_INLINE void unroll_over(Body& body, std::index_sequence<I...>) {
  (body(Index<I>{}), ...);
}

// body(0), ..., body(N - 1) as straight code, whatever the compiler thinks of unrolling: arrays
// that body indexes stay in registers. Bodies must be always_inline lambdas.
template <std::size_t N, typename Body>
PICOVAE_INLINE void unroll(Body body) {
  unroll_over(body, std::make_index_sequence<N>{});
}

PICOVAE_INLINE constexpr std::size_t pad(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

PICOVAE_INLINE std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

// The next of the pieces that `left` is cut into. What remains after whole units is shared by the
// last two: a tile of two or three rows has too few sums under way to keep the multipliers busy.
PICOVAE_INLINE std::size_t next_piece(std::size_t left, std::size_t unit) {
  if (left <= unit) return left;
  return left < 2 * unit ? (left + 1) / 2 : unit;
}

// For the part of a vector that is still inside its array.
template <typename T>
PICOVAE_INLINE void copy(const T* from, T* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace
}  // namespace picovae
