// The only file that includes xsimd, and the few helpers that its users share.
//
// Kernels are compiled with the flags of their ISA, so no other file may ever call a function that
// theirs emit. All of this is internal to each file, and templates take a type of that file (its
// Isa), which makes their instances internal too. xsimd's own functions are not, but they have the
// ISA in their names, and at -O2 all of them are inlined.
#pragma once

#include <cstddef>
#include <utility>
#include <xsimd/xsimd.hpp>

// Coverage counts every inlined copy apart, so that its build defines this as plain `inline`.
#if !defined(PICOVAE_INLINE)
#define PICOVAE_INLINE inline __attribute__((always_inline))
#endif

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

// body(0), ..., body(N - 1) as straight code, at any optimization level: arrays that body indexes
// stay in registers. Bodies must be always_inline lambdas.
template <std::size_t N, typename Body>
PICOVAE_INLINE void unroll(Body body) {
  unroll_over(body, std::make_index_sequence<N>{});
}

// A table of functions, one a number of rows or of panels. Not std::array, whose operator[] is no
// internal function (see above).
template <typename Function, std::size_t N>
struct Table {
  Function of[N];
  PICOVAE_INLINE constexpr Function operator[](std::size_t i) const { return of[i]; }
};

PICOVAE_INLINE constexpr std::size_t pad(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

PICOVAE_INLINE constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

// The size of the next piece if `left` is cut into units. The last two pieces share what remains: a
// tile of two or three rows has too few sums in progress to keep the multipliers busy.
PICOVAE_INLINE std::size_t next_piece(std::size_t left, std::size_t unit) {
  if (left <= unit) return left;
  return left < 2 * unit ? (left + 1) / 2 : unit;
}

// Keeps vectors in registers: else GCC loads them again in each instruction that can.
#if defined(__x86_64__)
#define PICOVAE_HOLD(vector) asm("" : "+v"(vector))
#elif defined(__aarch64__) || defined(__arm__)
#define PICOVAE_HOLD(vector) asm("" : "+w"(vector))
#endif

// For the part of a vector that is inside its array.
template <typename T>
PICOVAE_INLINE void copy(const T* from, T* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace
}  // namespace picovae
