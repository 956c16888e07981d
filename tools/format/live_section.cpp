#include "tools/format/live_section.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace picovae::tools {
namespace {

constexpr std::uint8_t kLongestRun = std::numeric_limits<std::uint8_t>::max();

// The runs of a mask; one that is longer than a byte can say goes on in the next.
std::vector<LiveRun> live_runs(const std::vector<std::uint8_t>& mask) {
  std::vector<LiveRun> runs;
  for (const std::uint8_t live : mask) {
    const bool full =
        !runs.empty() && (live != 0 ? runs.back().live : runs.back().dead) == kLongestRun;
    if (runs.empty() || full || (live == 0 && runs.back().live != 0)) runs.push_back({});
    ++(live != 0 ? runs.back().live : runs.back().dead);
  }
  return runs;
}

}  // namespace

std::vector<std::byte> live_section(const std::vector<std::uint8_t>& mask,
                                    const std::vector<std::int16_t>& dead_logits) {
  const std::vector<LiveRun> runs = live_runs(mask);
  std::vector<std::byte> section(live_section_size(runs.size(), dead_logits.size()));
  std::byte* end = section.data();
  const auto put = [&end](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(end, from, size);
    end += size;
  };
  const auto count = static_cast<std::uint16_t>(runs.size());
  put(&count, sizeof(count));
  put(runs.data(), runs.size() * sizeof(LiveRun));
  put(dead_logits.data(), dead_logits.size() * sizeof(std::int16_t));
  return section;
}

std::vector<std::uint8_t> live_mask(LivePixels live) {
  std::vector<std::uint8_t> mask;
  if (live.all()) return mask;
  for (const LiveRun& run : detail::runs_of(live)) {
    mask.insert(mask.end(), run.dead, 0);
    mask.insert(mask.end(), run.live, 1);
  }
  return mask;
}

std::size_t most_runs(std::size_t pixels, std::size_t dead) {
  // A dead pixel starts one; of live ones, and of dead ones, so many fill one.
  return std::min(pixels, dead + pixels / kLongestRun + 1);
}

}  // namespace picovae::tools
