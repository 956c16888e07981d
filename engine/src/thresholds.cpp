// The checks of the thresholds' section, and the search in it.
#include "picovae/thresholds.hpp"

#include "blob_checks.hpp"

namespace picovae {
namespace {

// `size` is that of the section's table entry, at `start`.
Status check(const std::byte* start, std::size_t size, Thresholds& thresholds) {
  if (size < sizeof(ThresholdHeader)) return Status::kBadSectionSize;
  const auto& header = *reinterpret_cast<const ThresholdHeader*>(start);
  const std::size_t levels = header.levels;
  if (levels < 1 || levels > kMaxThresholdLevels || header.reserved != 0 || header.images == 0) {
    return Status::kBadThresholds;
  }
  if (size != threshold_section_size(levels)) return Status::kBadSectionSize;
  const auto* level = reinterpret_cast<const std::uint16_t*>(start + sizeof(ThresholdHeader));
  const auto* value = reinterpret_cast<const std::uint32_t*>(level + round_up(levels, 2));
  bool legal = is_sorted<std::uint16_t>(level, levels, 1) && level[levels - 1] <= kHighestLevel &&
               (levels % 2 == 0 || level[levels] == 0);
  for (std::size_t figure = 0; figure < kFigureCount; ++figure) {
    legal = legal && is_sorted<std::uint32_t>(value + figure * levels, levels, 0);
  }
  if (!legal) return Status::kBadThresholds;
  thresholds = {&header, level, value};
  return Status::kOk;
}

}  // namespace

Status find_thresholds(const BlobView& view, Thresholds& thresholds) {
  const bool may_be =
      view.has(kEncoderPart) && view.has(kDecoderPart) && type_of(*view.header) == Type::kS8;
  const Section* found = nullptr;
  const Status status = find_section(*view.header, SectionKind::kThresholds, kDecoder2, may_be,
                                     Status::kNoThresholds, found);
  if (status != Status::kOk) return status;
  return check(bytes_of(*view.header).data() + found->offset, found->size, thresholds);
}

Status Thresholds::find(Figure figure, std::uint32_t per_mille, std::uint32_t& found) const {
  const std::size_t levels = header->levels;
  if (figure > Figure::kSquares) return Status::kNoThresholds;  // from C, any number
  for (std::size_t i = 0; i < levels; ++i) {
    if (level[i] < per_mille) continue;
    found = value[static_cast<std::size_t>(figure) * levels + i];
    return Status::kOk;
  }
  return Status::kNoThresholds;
}

}  // namespace picovae
