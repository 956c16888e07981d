// The ranges that the integer arithmetic relies on (FORMAT.md, "Ranges"), and the proof that an
// output keeps them, for every legal input. verify_blob and the quantizer share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace picovae {

inline constexpr int kMaxPreShift = 8;
inline constexpr int kMaxPostShift = 24;
inline constexpr int kMaxMultiplier = 1023;
inline constexpr int kMaxRescale = 32767;
inline constexpr std::int32_t kMaxActivation = 127;           // u8 inputs: 0..127, but see below
inline constexpr std::int32_t kMaxLatent = 8191;              // s16 inputs, Q3.10: +-8191
inline constexpr std::int32_t kMaxNarrowSum = (1 << 23) - 1;  // |sum| of a layer with u8 input

// The lesser and the greater of two numbers that are less than 2^31 apart, without a branch in any
// compiler's hands: how long an image takes must say nothing about the image.
constexpr std::int32_t lesser(std::int32_t a, std::int32_t b) {
  return b + ((a - b) & (a - b) >> 31);
}
constexpr std::int32_t greater(std::int32_t a, std::int32_t b) {
  return a - ((a - b) & (a - b) >> 31);
}

struct SumRange {
  std::int64_t lowest, highest;

  constexpr bool is_within(const SumRange& limits) const {
    return lowest >= limits.lowest && highest <= limits.highest;
  }
};

// The sums that an output can reach over all legal inputs.
//   positive, negative  the sum of its weights above 0, and of those below
//   wide_input          s16 in +-kMaxLatent rather than u8 in 0..greatest
constexpr SumRange sum_range(std::int32_t positive, std::int32_t negative, bool wide_input,
                             std::int32_t greatest) {
  if (wide_input) {
    const std::int64_t highest = (std::int64_t{positive} - negative) * kMaxLatent;
    return {-highest, highest};
  }
  return {std::int64_t{negative} * greatest, std::int64_t{positive} * greatest};
}

// What these sums become before the last shift: (sum >> pre_shift) * multiplier + bias. The
// multiplier is positive, so that the ends stay the ends.
constexpr SumRange scaled_range(const SumRange& sum, int pre_shift, std::int64_t multiplier,
                                std::int64_t bias) {
  return {(sum.lowest >> pre_shift) * multiplier + bias,
          (sum.highest >> pre_shift) * multiplier + bias};
}

// What either may be.
inline constexpr SumRange kScaledLimits = {std::numeric_limits<std::int32_t>::min(),
                                           std::numeric_limits<std::int32_t>::max()};
constexpr SumRange sum_limits(bool wide_input) {
  return wide_input ? kScaledLimits : SumRange{-kMaxNarrowSum, kMaxNarrowSum};
}

// ---- Hidden activations above kMaxActivation: 0..greatest, up to 255.
//
// Kernels add products of neighbors in 16 bits. Inputs of 7 bits leave room for any two weights;
// those of 8 bits do not.

// x of such layers less this is an s8: for kernels that multiply s8 alone.
inline constexpr std::int32_t kInputShift = 128;

// The bias for inputs less kInputShift, of a layer without a pre-shift. In wrapping arithmetic, as
// requantization is.
//   weights  the sum of the output's weights
constexpr std::int32_t shifted_bias(std::int32_t bias, std::int32_t weights,
                                    std::uint32_t multiplier) {
  const auto more = static_cast<std::uint32_t>(weights * kInputShift) * multiplier;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(bias) + more);
}

// What the weights of an output for a group of four inputs may be:
//   neighbors  inputs 0 and 1, 2 and 3: |sum| * greatest <= 32767, for VPMADDUBSW
//              and the sums of RISC-V's vectors
//   apart      inputs 0 and 2, 1 and 3: the sum of (weight + 128) * x <= 65535, for M0, M3 and
//              RISC-V of 32 bits, whose one multiply makes two products: the upper half of a word
//              is the sum, and must hold it
// Inputs of the last group that the layer does not have are bytes of any value, and their weights
// are 0.
class GroupBounds {
 public:
  // `inputs` of the group that the layer has: 1 to 4.
  constexpr GroupBounds(std::int32_t greatest, std::size_t inputs)
      : neighbors_(32767 / greatest),
        apart_{apart(greatest, inputs > 2), apart(greatest, inputs > 3)} {}

  // True if all pairs are within, and no weight is -128, whose products with -128 reach 2^15 in
  // pairs.
  constexpr bool hold(const std::int32_t (&w)[4]) const {
    for (const std::int32_t weight : w) {
      if (weight < -127) return false;
    }
    return are_neighbors(w[0] + w[1]) && are_neighbors(w[2] + w[3]) && w[0] + w[2] <= apart_[0] &&
           w[1] + w[3] <= apart_[1];
  }

  std::int32_t neighbors() const { return neighbors_; }
  // Of inputs 0 and 2, or of 1 and 3.
  std::int32_t apart(std::size_t odd) const { return apart_[odd]; }

 private:
  constexpr bool are_neighbors(std::int32_t sum) const {
    return sum <= neighbors_ && sum >= -neighbors_;
  }

  // The greatest sum of two weights; of one, if the layer has not the second input.
  static constexpr std::int32_t apart(std::int32_t greatest, bool both) {
    constexpr std::int32_t kMost = 65535, kOffset = 128;
    return both ? kMost / greatest - 2 * kOffset : (kMost - kOffset * 255) / greatest - kOffset;
  }

  std::int32_t neighbors_, apart_[2];
};

}  // namespace picovae
