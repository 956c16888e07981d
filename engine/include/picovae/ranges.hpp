// The ranges that the integer arithmetic relies on (FORMAT.md, "Ranges"), and the proof that an
// output keeps them, for every legal input. verify_blob and the quantizer share it.
#pragma once

#include <cstdint>
#include <limits>

namespace picovae {

inline constexpr int kMaxPreShift = 8;
inline constexpr int kMaxPostShift = 24;
inline constexpr int kMaxMultiplier = 1023;
inline constexpr int kMaxRescale = 32767;
inline constexpr std::int32_t kMaxActivation = 127;           // u8 inputs: 0..127
inline constexpr std::int32_t kMaxLatent = 8191;              // s16 inputs, Q3.10: +-8191
inline constexpr std::int32_t kMaxNarrowSum = (1 << 23) - 1;  // |sum| of a layer with u8 input

struct SumRange {
  std::int64_t lowest, highest;

  constexpr bool is_within(const SumRange& limits) const {
    return lowest >= limits.lowest && highest <= limits.highest;
  }
};

// The sums that an output can reach over all legal inputs.
//   positive, negative  the sum of its weights above 0, and of those below
//   wide_input          s16 in +-kMaxLatent rather than u8 in 0..kMaxActivation
constexpr SumRange sum_range(std::int32_t positive, std::int32_t negative, bool wide_input) {
  if (wide_input) {
    const std::int64_t highest = (std::int64_t{positive} - negative) * kMaxLatent;
    return {-highest, highest};
  }
  return {std::int64_t{negative} * kMaxActivation, std::int64_t{positive} * kMaxActivation};
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

}  // namespace picovae
