// The sums of s4 weights (picovae/s4.hpp) for cores without the DSP extension: a group of inputs at
// a time becomes s8 weights in 256 bytes of stack, which the s8 kernel multiplies. That costs about
// as much again as the multiplication.
#pragma once

#include <cstddef>
#include <cstdint>

#include "board/dense.hpp"
#include "board/plain.hpp"
#include "picovae/s4.hpp"

namespace picovae::board {

// The two scales of a pair of outputs, ready to turn two half bytes at once, 16 bits apart, into
// stored s8 weights: q + 8 -> q * scale, plus 128 in even outputs.
class PairScales {
 public:
  explicit PairScales(Word scales)
      : even_(scales & 15),
        odd_(scales >> 4 & 15),
        even_offset_(offset(even_, kCortexMOffset)),
        odd_offset_(offset(odd_, 0)) {}

  // Word of half bytes q + 8, the pair's lowest -> word of s8 weights.
  Word expand(Word halves) const {
    const Word even = (halves & kLow) * even_ + even_offset_;
    const Word odd = (halves >> 4 & kLow) * odd_ + odd_offset_;
    return (even & kBytes) | (odd & kBytes) << 8;
  }

 private:
  static constexpr Word kLow = 0x000f000f, kBytes = 0x00ff00ff;

  // No carry leaves a halfword: 15 * 15 + 255 < 2^16.
  static Word offset(Word scale, int more) {
    return ((static_cast<Word>(more) - 8 * scale) & 255) * 0x00010001;
  }

  Word even_, odd_, even_offset_, odd_offset_;
};

// A group of `inputs` inputs -> s8 weights in Layout::kCortexM.
inline void expand_group(const Word* packed, std::size_t inputs, Word* to) {
  constexpr Word kFourthSigns = 0x80008000;  // those of the outputs that have no 8 added
  const Word scales = packed[inputs];
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    const PairScales pair_scales(scales >> (8 * pair));
    const Word* word = packed + pair / 2;
    for (std::size_t i = 0; i < inputs / 2; ++i) {
      const Word halves = (word[2 * i] ^ kFourthSigns) >> (pair % 2 * 8);
      to[kPairs * i + pair] = pair_scales.expand(halves);
    }
  }
}

// As S8Panels.
template <typename Core>
class PlainS4Panels {
 public:
  explicit PlainS4Panels(const Dense& layer)
      : wide_(layer.wide_input),
        in_(round_up(layer.in, kInputPad)),
        size_(s4_panel_size(Layout::kCortexM, layer.in)) {}

  std::size_t size() const { return size_; }
  // Sums are linear in their start, so that of all inputs serves the first group.
  void start(const std::byte* x) {
    x_ = x;
    const StartFn run = wide_ ? Core::start_wide : Core::start_narrow;
    start_sum_ = run(x, in_ / kInputPad);
  }
  void multiply(const std::int8_t* weights, std::int32_t* sums) const {
    const MultiplyFn run = wide_ ? Core::multiply_wide : Core::multiply_narrow;
    const auto* packed = reinterpret_cast<const Word*>(weights);
    for (std::size_t j = 0; j < kCortexMPanel; ++j) sums[j] = start_sum_;
    for (std::size_t i = 0; i < in_; i += kS4Group) {
      const std::size_t inputs = s4_group_inputs(in_, i / kS4Group);
      Word expanded[kS4Group * kCortexMPanel / sizeof(Word)];
      expand_group(packed, inputs, expanded);
      std::int32_t part[kCortexMPanel];
      run(reinterpret_cast<const std::int8_t*>(expanded), x_ + (wide_ ? 2 * i : i),
          inputs / kInputPad, part, 0);
      for (std::size_t j = 0; j < kCortexMPanel; ++j) {
        sums[j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[j]) +
                                            static_cast<std::uint32_t>(part[j]));
      }
      packed += inputs + 1;
    }
  }

 private:
  bool wide_;
  std::size_t in_, size_;
  const std::byte* x_ = nullptr;
  std::int32_t start_sum_ = 0;
};

}  // namespace picovae::board
