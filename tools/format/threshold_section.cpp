#include "tools/format/threshold_section.hpp"

#include <algorithm>
#include <cstring>

namespace picovae::tools {

std::vector<std::byte> threshold_section(
    const std::array<std::vector<std::uint32_t>, kFigureCount>& figures) {
  const std::size_t levels = kThresholdLevels.size();
  const std::size_t images = figures[0].size();
  std::vector<std::byte> section(threshold_section_size(levels));
  std::byte* end = section.data();
  const auto put = [&end](const auto& value) {
    std::memcpy(end, &value, sizeof(value));
    end += sizeof(value);
  };
  put(ThresholdHeader{static_cast<std::uint16_t>(levels), 0, static_cast<std::uint32_t>(images)});
  put(kThresholdLevels);
  end += (round_up(levels, 2) - levels) * sizeof(std::uint16_t);
  for (const std::vector<std::uint32_t>& figure : figures) {
    for (const std::uint16_t level : kThresholdLevels) {
      // At most (1000 - level) of 1,000 images are above it.
      const std::size_t rank = (images * level + kHighestLevel - 1) / kHighestLevel;
      put(figure[std::max<std::size_t>(rank, 1) - 1]);
    }
  }
  return section;
}

std::vector<std::byte> threshold_section(const BlobView& view) {
  Thresholds thresholds;
  if (find_thresholds(view, thresholds) != Status::kOk) return {};
  const auto* start = reinterpret_cast<const std::byte*>(thresholds.header);
  return {start, start + threshold_section_size(thresholds.header->levels)};
}

}  // namespace picovae::tools
