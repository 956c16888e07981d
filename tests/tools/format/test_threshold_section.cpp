#include "tools/format/threshold_section.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/thresholds.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

constexpr Dimensions kSize{20, 7, 6, 3};
constexpr std::uint8_t kBoth = kEncoderPart | kDecoderPart;
constexpr Figure kFigures[] = {Figure::kExcess, Figure::kNegElbo, Figure::kSquares};

using Figures = std::array<std::vector<std::uint32_t>, kFigureCount>;

// Ascending values up to `highest`: the lower it is, the more of them are equal.
Figures random_figures(std::size_t images, std::int32_t highest) {
  Dice dice(static_cast<std::uint32_t>(images));
  Figures figures;
  for (auto& figure : figures) {
    for (std::size_t i = 0; i < images; ++i) {
      figure.push_back(static_cast<std::uint32_t>(dice.between(0, highest)));
    }
    std::sort(figure.begin(), figure.end());
  }
  return figures;
}

BlobBytes blob_with(std::vector<std::byte> section, Layout layout = Layout::kHost) {
  auto network = random_quantized_network(kSize, 1);
  network.thresholds = std::move(section);
  return pack_s8(network, layout, kBoth, {});
}

Thresholds thresholds_of(const BlobBytes& blob) {
  BlobView view;
  Thresholds thresholds;
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
  REQUIRE(find_thresholds(view, thresholds) == Status::kOk);
  return thresholds;
}

}  // namespace

TEST_CASE("each threshold is the lowest that at most its share of the images exceeds") {
  for (const std::size_t images : {1u, 2u, 3u, 999u, 1000u, 1001u, 2500u}) {
    for (const std::int32_t highest : {0, 5, 1'000'000}) {
      CAPTURE(images);
      CAPTURE(highest);
      const Figures figures = random_figures(images, highest);
      const BlobBytes blob = blob_with(threshold_section(figures));
      const Thresholds thresholds = thresholds_of(blob);
      CHECK(thresholds.header->images == images);
      CHECK(thresholds.header->levels == kThresholdLevels.size());
      for (const Figure figure : kFigures) {
        const auto& values = figures[static_cast<std::size_t>(figure)];
        const auto above = [&](std::uint32_t value) {
          const auto first = std::upper_bound(values.begin(), values.end(), value);
          return static_cast<std::size_t>(values.end() - first);
        };
        for (const std::uint16_t level : kThresholdLevels) {
          CAPTURE(level);
          std::uint32_t value = 0;
          REQUIRE(thresholds.find(figure, level, value) == Status::kOk);
          CHECK(1000 * above(value) <= (1000u - level) * images);
          CHECK(std::binary_search(values.begin(), values.end(), value));
          // A lower one is exceeded by more, where there is one.
          if (value != values.front()) CHECK(1000 * above(value - 1) > (1000u - level) * images);
        }
      }
    }
  }
}

TEST_CASE("levels are those that the engine takes") {
  CHECK(std::is_sorted(kThresholdLevels.begin(), kThresholdLevels.end()));
  CHECK(kThresholdLevels.front() > 0);
  CHECK(kThresholdLevels.back() == kHighestLevel);
  CHECK(kThresholdLevels.size() <= kMaxThresholdLevels);
}

TEST_CASE("a section comes back from a blob as it was, in every layout") {
  const auto section = threshold_section(random_figures(500, 9999));
  CHECK(section.size() == threshold_section_size(kThresholdLevels.size()));
  for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
    const BlobBytes blob = blob_with(section, layout);
    BlobView view;
    REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
    CHECK(threshold_section(view) == section);
  }
  const BlobBytes without = blob_with({});
  BlobView view;
  REQUIRE(open_blob(without.bytes(), view) == Status::kOk);
  CHECK(threshold_section(view).empty());
}
