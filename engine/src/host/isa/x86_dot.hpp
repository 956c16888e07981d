// s8 dot products of AVX2 and AVX-512, with VNNI and without: one body for both widths.
//
// V is a vector of integers, all static:
//   T                   its register
//   load(p), broadcast(int), add(a, b), store(p, a)
//   dot4(sums, u8, s8)  adds four products to each s32 lane
//   dot2(sums, a, b, c, d)  adds two products of s16 a and b, and two of c and d. One function:
//                       from two calls GCC 12 makes a fifth more instructions, with spills
//   hold(a)             where loads limit several rows: keeps a in its register
//   spread(bytes, order)  per 128 bits: picks bytes as PSHUFB does into the upper halves of 16-bit
//                       lanes, then shifts them down with their sign
#pragma once

#include <cstring>

#include "host/isa.hpp"

namespace picovae {
namespace {

template <typename V>
struct X86Dots : IsaDefaults {
  using Sums = typename V::T;
  static PICOVAE_INLINE Sums add(Sums a, Sums b) { return V::add(a, b); }
  static PICOVAE_INLINE void store(std::int32_t* to, Sums sums) { V::store(to, sums); }

  struct Narrow : DotDefaults<Sums> {
    using X = std::uint8_t;
    using Input = Sums;
    using Weights = Sums;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int four;
      std::memcpy(&four, x, sizeof four);
      return V::broadcast(four);
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) { return V::load(w); }
    static PICOVAE_INLINE void hold(Weights& w) { V::hold(w); }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) { return V::dot4(sums, x, w); }
  };

  // A group's first two inputs meet the first two weights of each output, then the others.
  struct Wide : DotDefaults<Sums> {
    using X = std::int16_t;
    struct Pairs {
      Sums first, second;
    };
    using Input = Pairs;
    using Weights = Pairs;
    static PICOVAE_INLINE Input broadcast(const X* x) {
      int pairs[2];
      std::memcpy(pairs, x, sizeof pairs);
      return {V::broadcast(pairs[0]), V::broadcast(pairs[1])};
    }
    static PICOVAE_INLINE Weights load(const std::int8_t* w) {
      const Sums bytes = V::load(w);
      const __m128i first = _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13);
      const __m128i second = _mm_add_epi8(first, _mm_set1_epi16(2 << 8));
      return {V::spread(bytes, first), V::spread(bytes, second)};
    }
    static PICOVAE_INLINE Sums dot(Sums sums, Input x, Weights w) {
      return V::dot2(sums, x.first, w.first, x.second, w.second);
    }
  };

  using NarrowRow = Narrow;
  using WideRow = Wide;
  using Peak = Narrow;
};

}  // namespace
}  // namespace picovae
