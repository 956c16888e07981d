// Thresholds are data: what scores normal images had, as quantiles in a section of the model that a
// reader may skip. `picovae score --keep` stores them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/score.hpp"
#include "picovae/status.h"

namespace picovae {

inline constexpr std::size_t kMaxThresholdLevels = 64;
inline constexpr std::uint32_t kHighestLevel = 1000;  // per mille

// Starts the section; u16 level[round_up(levels, 2)] and u32 value[kFigureCount][levels] follow.
struct ThresholdHeader {
  std::uint16_t levels;    // 1..kMaxThresholdLevels
  std::uint16_t reserved;  // zero
  std::uint32_t images;    // that were scored, at least 1
};
static_assert(sizeof(ThresholdHeader) == 8);

// Bytes of a section.
constexpr std::size_t threshold_section_size(std::size_t levels) {
  return sizeof(ThresholdHeader) + round_up(levels, 2) * sizeof(std::uint16_t) +
         kFigureCount * levels * sizeof(std::uint32_t);
}

// Pointers into a checked section, valid as long as the blob is.
struct Thresholds {
  const ThresholdHeader* header = nullptr;
  const std::uint16_t* level = nullptr;  // [levels] per mille, ascending
  const std::uint32_t* value = nullptr;  // [figures][levels], none below the one before it

  // The value that normal images exceed in at most 1000 - `per_mille` of 1,000 cases: that of the
  // lowest level from there on.
  // Returns kOk, or kNoThresholds if there is none.
  Status find(Figure figure, std::uint32_t per_mille, std::uint32_t& found) const;
};

// Finds and checks the section of a view that open_blob accepted. Fills `thresholds` if it returns
// kOk.
// Returns kOk, kNoThresholds, kMisplacedSection, kDuplicateSection, kBadSectionSize or
// kBadThresholds.
Status find_thresholds(const BlobView& view, Thresholds& thresholds);

}  // namespace picovae
