// The kernel protocol: what an instruction set must give so that dense_f32.cpp and dense_s8.cpp can
// be compiled for it. isa/NAME.hpp has that as one struct, derived from IsaDefaults; templates call
// it Simd.
//
// A type without a size at compile time (SVE, RISC-V vectors) cannot be an element of the register
// tiles: fix its length by a compiler flag, or give the ISA a DenseFn of another kind, as
// dense_s8_sve.cpp and dense_s8_rvv.cpp are.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "host/simd.hpp"

namespace picovae {
namespace {

// How the shared loops are cut for an ISA, so that sums in progress cover the latency of a
// multiply-add and stay in registers.
struct FloatTuning {
  std::size_t rows;                           // a layer's inputs that a tile takes, if that is all
  std::size_t many_rows;                      // those that it takes of more
  std::size_t sums;                           // vectors of sums of a tile of several rows
  std::size_t width;                          // vectors of its columns at most
  std::size_t product_rows, product_vectors;  // the product's tile; its vectors: 16 or 32 columns
  std::size_t activated;                      // vectors whose activation is computed side by side
  std::size_t row_panels;                     // panels that a single row reads at once: f32 weights
  std::size_t half_row_panels;                // the same: f16 and bf16 weights
  std::size_t prefetch;                       // bytes that a single row fetches ahead, or 0
};
struct IntegerTuning {
  std::size_t rows, vectors;  // largest tile of many rows; a single row takes a panel
  std::size_t split;          // groups of inputs that a single row sums apart
};
struct Tuning {
  FloatTuning f32;
  IntegerTuning s8;
};

// One step of an s8 dot product: four inputs meet four weights of each output.
template <typename D, typename IsaSums>
concept DotStep = requires(const typename D::X* x, const std::int8_t* w, typename D::Input input,
                           typename D::Weights weights, typename D::Sums sums) {
  requires std::same_as<typename D::X, std::uint8_t> ||    // 0..127, or 0..255
      std::same_as<typename D::X, std::int16_t>;           // -8191..8191
  requires std::default_initializable<typename D::Sums>;   // Sums{}: zeros
  { D::broadcast(x) } -> std::same_as<typename D::Input>;  // x[0..3] for all outputs
  { D::load(w) } -> std::same_as<typename D::Weights>;     // four weights of each output
  D::hold(weights);  // of several rows, if it pays: keeps them in registers (PICOVAE_HOLD)
  { D::dot(sums, input, weights) } -> std::same_as<typename D::Sums>;
  { D::finish(sums) } -> std::same_as<IsaSums>;  // one s32 an output
  // Groups of four inputs that a call of inputs() takes, if that is cheaper than one by one, or 0.
  // Then there are Inputs inputs(x), Blocks blocks(w, step), which takes the weights of kTogether
  // groups, `step` bytes apart, and Sums dot_part<I>(sums, inputs, blocks) for the I-th of these.
  { D::kGroups } -> std::convertible_to<std::size_t>;
};

template <typename IsaSums>
struct DotDefaults {
  using Sums = IsaSums;
  static PICOVAE_INLINE IsaSums finish(const Sums& sums) { return sums; }
  static PICOVAE_INLINE void hold(auto&) {}
  static constexpr std::size_t kGroups = 0;
  static constexpr std::size_t kProducts = sizeof(IsaSums);  // multiplications in a call of dot()
};

// The epilogue of s8 layers: s32 sums become s16 or u8. It works on Words, a vector of s16: an
// xsimd batch, or what has as much of one as epilogue_s8.hpp asks for (simd128.hpp).
template <typename E>
concept EpilogueStep = requires(typename E::Words words, const std::int32_t* s32,
                                const std::uint16_t* u16, std::uint8_t* bytes, int shift) {
  // Words::size sums: sat16(((sum >> pre) * multiplier + bias) >> post), FORMAT.md "The integer
  // contract". Arguments: sums, multiplier, bias, pre, post.
  { E::requantize(s32, u16, s32, shift, shift) } -> std::same_as<typename E::Words>;
  { E::multiply_q15(words, words) } -> std::same_as<typename E::Words>;  // as in requantize.hpp
  E::store_bytes(words, bytes);                                          // words in 0..255 -> u8
};

template <typename I>
concept FloatIsa = requires(typename I::Floats f, const std::uint16_t* halves) {
  typename I::Ints;  // an xsimd batch of s32 with as many lanes as Floats, an xsimd batch of f32
  requires std::same_as<decltype(I::kTuning), const Tuning>;
  { I::multiply_add(f, f, f) } -> std::same_as<typename I::Floats>;  // a * b + c, rounded once
  // a / b and the root of a, as IEEE 754 rounds them; 32-bit Arm, within one and a half ulp
  { I::divide(f, f) } -> std::same_as<typename I::Floats>;
  { I::sqrt(f) } -> std::same_as<typename I::Floats>;
  { I::load_f16(halves) } -> std::same_as<typename I::Floats>;
  { I::load_bf16(halves) } -> std::same_as<typename I::Floats>;
  // If true: multiply_add_lane<L>(a, b, c) = a[L] * b + c.
  { I::kHasLanes } -> std::convertible_to<bool>;
  // Vectors of f32 weights whose loads stand one behind the other: two may be one instruction.
  { I::kLoadsTogether } -> std::convertible_to<std::size_t>;
  // If true: load_bf16_pair(p, even, odd) loads twice as many weights, those of even and odd
  // columns apart, and interleave(even, odd) puts sums of such columns in order.
  { I::kBf16Pairs } -> std::convertible_to<bool>;
};

// Dot products of bf16 for dense_bf16.cpp. Pairs is a vector with two bf16 for each lane of Floats:
// two inputs of one row, or their weights of one output.
template <typename I>
concept PairIsa = FloatIsa<I> &&
    requires(typename I::Floats f, typename I::Pairs pairs, const float* x,
             const std::uint16_t* from, std::uint16_t* to, std::size_t count) {
  // x [count] rounded to bf16, then zeros: kRounded of them.
  I::round(x, count, to);
  { I::kRounded } -> std::convertible_to<std::size_t>;
  { I::broadcast_pair(from) } -> std::same_as<typename I::Pairs>;
  // load_pairs(first, second, low, high): the weights of two inputs in a whole panel, in an order
  // that order(low, high) undoes for sums; in half a panel, in order.
  I::load_pairs(from, from, pairs, pairs);
  I::order(f, f);
  { I::load_half_pairs(from, from) } -> std::same_as<typename I::Pairs>;
  // sums + second * second + first * first, rounded after each product is added.
  { I::dot_pairs(f, pairs, pairs) } -> std::same_as<typename I::Floats>;
};

template <typename I>
concept IntegerIsa = requires(typename I::Sums sums, std::int32_t* to) {
  requires std::same_as<decltype(I::kTuning), const Tuning>;
  { I::add(sums, sums) } -> std::same_as<typename I::Sums>;  // Sums: a vector of s32, one an output
  I::store(to, sums);
  // If true: Narrow and NarrowRow multiply s8 alone, and High, as Narrow, inputs of 8 bits less
  // kInputShift, of which shift_row() makes s8.
  { I::kShiftsInputs } -> std::convertible_to<bool>;
  requires DotStep<typename I::Narrow, typename I::Sums>;     // u8 inputs, tiles of many rows
  requires DotStep<typename I::Wide, typename I::Sums>;       // s16 inputs
  requires DotStep<typename I::NarrowRow, typename I::Sums>;  // u8 inputs, a single row
  requires DotStep<typename I::WideRow, typename I::Sums>;
  requires EpilogueStep<typename I::Epilogue>;      // of kOutputPad outputs, in one or two steps
  requires EpilogueStep<typename I::WideEpilogue>;  // of a whole panel, if that is wider
  // If true: matrix_tile(x, x_stride, weights, columns, groups, to) replaces the largest tile of
  // u8 inputs (tile_s8 in dense_s8.cpp has the arguments).
  { I::kMatrixTile } -> std::convertible_to<bool>;
  requires DotStep<typename I::Peak, typename I::Sums>;  // the fastest dot product: for bench/
};

struct IsaDefaults {
  static constexpr bool kHasLanes = false;
  static constexpr std::size_t kLoadsTogether = 1;
  static constexpr bool kBf16Pairs = false;
  template <typename Floats>
  static PICOVAE_INLINE void interleave(Floats&, Floats&) {}  // not called
  static constexpr bool kMatrixTile = false;
  static constexpr bool kShiftsInputs = false;
  template <typename Floats>
  static PICOVAE_INLINE Floats divide(Floats a, Floats b) {
    return a / b;
  }
  template <typename Floats>
  static PICOVAE_INLINE Floats sqrt(Floats a) {
    return xsimd::sqrt(a);
  }
};

}  // namespace
}  // namespace picovae
