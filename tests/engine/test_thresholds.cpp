// Thresholds: what is found, where sections lie, and what is refused.
#include "picovae/thresholds.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/random_thresholds.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

using Small = Shape<20, 7, 6, 3>;
constexpr Figure kFigures[] = {Figure::kExcess, Figure::kNegElbo, Figure::kSquares};

template <typename T>
using List = std::initializer_list<T>;
using Levels = std::vector<std::uint16_t>;

tools::BlobBytes blob_with(const Levels& levels, Layout layout = Layout::kHost) {
  auto network = random_quantized_network(kSmall, 1);
  network.thresholds = random_threshold_section(levels, 8);
  return tools::pack_s8(network, layout, kBothParts, {});
}

// Where the fields of a section of so many levels are.
struct Fields {
  std::byte* start;
  std::size_t levels;

  std::uint16_t& level(std::size_t i) { return reinterpret_cast<std::uint16_t*>(start + 8)[i]; }
  std::uint32_t& value(std::size_t figure, std::size_t i) {
    const std::size_t padded = levels + levels % 2;
    return reinterpret_cast<std::uint32_t*>(start + 8 + 2 * padded)[figure * levels + i];
  }
  ThresholdHeader& header() { return *reinterpret_cast<ThresholdHeader*>(start); }
};

Fields fields_of(EditedBlob& edited) {
  auto* start = edited.contents<std::byte>(SectionKind::kThresholds, kDecoder2);
  return {start, reinterpret_cast<ThresholdHeader*>(start)->levels};
}

// What open says after a change of the fields.
template <typename Change>
Status after(const Levels& levels, Change change) {
  EditedBlob edited(blob_with(levels));
  Fields fields = fields_of(edited);
  change(fields);
  return edited.seal().open();
}

Levels first_levels(std::size_t count) {
  Levels levels;
  for (std::size_t i = 0; i < count; ++i) levels.push_back(static_cast<std::uint16_t>(3 * i + 5));
  return levels;
}

}  // namespace

TEST_CASE("the section is as FORMAT.md says, in every layout") {
  CHECK(threshold_section_size(1) == 8 + 2 + 2 + 12);
  CHECK(threshold_section_size(2) == 8 + 4 + 24);
  CHECK(threshold_section_size(15) == 8 + 32 + 180);
  CHECK(threshold_section_size(64) == 8 + 128 + 768);
  for (const Layout layout : kLayouts) {
    for (const std::size_t count : List<std::size_t>{1, 2, 3, 15, 63, 64}) {
      CAPTURE(count);
      const Levels levels = first_levels(count);
      const auto blob = blob_with(levels, layout);
      BlobView view;
      REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
      CHECK(verify_blob(view) == Status::kOk);
      Thresholds thresholds;
      REQUIRE(find_thresholds(view, thresholds) == Status::kOk);
      CHECK(thresholds.header->levels == count);
      CHECK(thresholds.header->images == 1234);
      EditedBlob copy(blob);
      Fields fields = fields_of(copy);
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(thresholds.level[i] == levels[i]);
        for (std::size_t figure = 0; figure < kFigureCount; ++figure) {
          CHECK(thresholds.value[figure * count + i] == fields.value(figure, i));
        }
      }
    }
  }
}

TEST_CASE("the lowest level from there on is found, of each figure") {
  const Levels levels = {0, 10, 500, 999};
  const auto blob = blob_with(levels);
  EditedBlob copy(blob);
  Fields fields = fields_of(copy);
  Vae<Small, Integer> vae;
  std::uint32_t found = 77;
  CHECK(vae.threshold(Figure::kExcess, 10, found) == Status::kNotOpen);
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  const struct {
    std::uint32_t asked;
    std::size_t index;
  } cases[] = {{0, 0},   {1, 1},   {9, 1},   {10, 1},  {11, 2},
               {499, 2}, {500, 2}, {501, 3}, {998, 3}, {999, 3}};
  for (std::size_t figure = 0; figure < kFigureCount; ++figure) {
    for (const auto& wanted : cases) {
      CAPTURE(wanted.asked);
      REQUIRE(vae.threshold(kFigures[figure], wanted.asked, found) == Status::kOk);
      CHECK(found == fields.value(figure, wanted.index));
    }
    found = 77;
    for (const std::uint32_t above : List<std::uint32_t>{1000, 1001, 65536 + 10, 0xffffffff}) {
      CHECK(vae.threshold(kFigures[figure], above, found) == Status::kNoThresholds);
    }
    CHECK(found == 77);
  }
  const auto highest = blob_with({1000});
  REQUIRE(vae.open(highest.bytes(), kScalarKernels) == Status::kOk);
  CHECK(vae.threshold(Figure::kExcess, 0, found) == Status::kOk);
  CHECK(vae.threshold(Figure::kExcess, 1000, found) == Status::kOk);
  CHECK(vae.threshold(Figure::kExcess, 1001, found) == Status::kNoThresholds);
  CHECK(vae.threshold(static_cast<Figure>(3), 0, found) == Status::kNoThresholds);
}

TEST_CASE("a model without thresholds has none") {
  for (const std::uint8_t parts : List<std::uint8_t>{kBothParts, kEncoderPart, kDecoderPart}) {
    // A half has none, whatever the whole had.
    const auto blob = parts == kBothParts ? s8_blob() : full_blob(kSmall, Layout::kHost, parts);
    Vae<Small, Integer> vae;
    REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
    std::uint32_t found = 77;
    CHECK(vae.threshold(Figure::kExcess, 0, found) == Status::kNoThresholds);
    CHECK(found == 77);
  }
}

TEST_CASE("numbers of levels, images and reserved bytes") {
  const Levels levels = {10, 500, 999};
  CHECK(after(levels, [](Fields&) {}) == Status::kOk);
  for (const std::uint16_t count : List<std::uint16_t>{0, 65, 66, 1000, 65535}) {
    CHECK(after(levels, [&](Fields& f) { f.header().levels = count; }) == Status::kBadThresholds);
  }
  for (const std::uint16_t count : List<std::uint16_t>{1, 2, 4, 64}) {
    CHECK(after(levels, [&](Fields& f) { f.header().levels = count; }) == Status::kBadSectionSize);
  }
  for (const std::uint16_t value : List<std::uint16_t>{1, 256, 65535}) {
    CHECK(after(levels, [&](Fields& f) { f.header().reserved = value; }) == Status::kBadThresholds);
  }
  CHECK(after(levels, [](Fields& f) { f.header().images = 0; }) == Status::kBadThresholds);
  for (const std::uint32_t images : List<std::uint32_t>{1, 0xffffffff}) {
    CHECK(after(levels, [&](Fields& f) { f.header().images = images; }) == Status::kOk);
  }
}

TEST_CASE("levels ascend to 1000 at most, padding is zero") {
  for (const std::size_t count : List<std::size_t>{2, 3, 64}) {
    const Levels levels = first_levels(count);
    CAPTURE(count);
    for (std::size_t i = 0; i + 1 < count; ++i) {
      CHECK(after(levels, [&](Fields& f) { f.level(i) = f.level(i + 1); }) ==
            Status::kBadThresholds);
      CHECK(after(levels, [&](Fields& f) { f.level(i) = f.level(i + 1) + 1; }) ==
            Status::kBadThresholds);
      CHECK(after(levels, [&](Fields& f) { f.level(i) = 65535; }) == Status::kBadThresholds);
      CHECK(after(levels, [&](Fields& f) { f.level(i) = f.level(i + 1) - 1; }) == Status::kOk);
    }
    const auto last = [&](std::uint16_t level) {
      return after(levels, [&](Fields& f) { f.level(count - 1) = level; });
    };
    CHECK(last(1000) == Status::kOk);
    CHECK(last(1001) == Status::kBadThresholds);
    CHECK(last(65535) == Status::kBadThresholds);
    CHECK(last(0) == Status::kBadThresholds);
    if (count % 2 != 0) {
      for (const std::uint16_t value : List<std::uint16_t>{1, 256, 1000}) {
        CHECK(after(levels, [&](Fields& f) { f.level(count) = value; }) == Status::kBadThresholds);
      }
    }
  }
  CHECK(after({0}, [](Fields&) {}) == Status::kOk);
  CHECK(after({1000}, [](Fields&) {}) == Status::kOk);
  CHECK(after({1000}, [](Fields& f) { f.level(0) = 1001; }) == Status::kBadThresholds);
}

TEST_CASE("values do not fall from level to level, in any figure") {
  const Levels levels = {10, 500, 999};
  for (std::size_t figure = 0; figure < kFigureCount; ++figure) {
    CAPTURE(figure);
    for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
      CHECK(after(levels, [&](Fields& f) { f.value(figure, i) = f.value(figure, i + 1) + 1; }) ==
            Status::kBadThresholds);
      CHECK(after(levels, [&](Fields& f) { f.value(figure, i) = 0xffffffff; }) ==
            Status::kBadThresholds);
      CHECK(after(levels, [&](Fields& f) { f.value(figure, i) = f.value(figure, i + 1); }) ==
            Status::kOk);
    }
    CHECK(after(levels, [&](Fields& f) { f.value(figure, 2) = 0xffffffff; }) == Status::kOk);
    // Figures have nothing to do with each other.
    CHECK(after(levels, [&](Fields& f) {
            for (std::size_t i = 0; i < levels.size(); ++i) f.value(figure, i) = 0;
          }) == Status::kOk);
  }
}

TEST_CASE("sizes, layers and flags of the section") {
  const auto blob = blob_with({10, 500, 999});
  const auto entry = [&](auto change) {
    EditedBlob edited(blob, 128);
    change(edited.section(SectionKind::kThresholds, kDecoder2));
    return edited.seal().open();
  };
  const auto sized = [&](std::uint32_t size) { return entry([&](Section& s) { s.size = size; }); };
  const auto size = static_cast<std::uint32_t>(threshold_section_size(3));
  CHECK(sized(size) == Status::kOk);
  for (const std::uint32_t other :
       List<std::uint32_t>{0, 1, 7, 8, 9, size - 4, size - 1, size + 1, size + 4}) {
    CHECK(sized(other) == Status::kBadSectionSize);
  }
  CHECK(sized(0xffffffff) == Status::kSectionOutOfRange);
  // A section that is a header alone is long enough to be read.
  EditedBlob header(blob);
  fields_of(header).header().levels = 0;
  header.section(SectionKind::kThresholds, kDecoder2).size = sizeof(ThresholdHeader);
  CHECK(header.seal().open() == Status::kBadThresholds);
  for (const std::uint8_t layer : List<std::uint8_t>{0, 1, 2, 3, 4, 6, 255}) {
    CHECK(entry([&](Section& s) { s.layer = layer; }) == Status::kMisplacedSection);
  }
  CHECK(entry([](Section& s) { s.flags = 0; }) == Status::kUnknownSection);
}

TEST_CASE("thresholds twice, or of a model that cannot score") {
  const auto section = random_threshold_section({10, 500, 999}, 8);
  const auto after_adding = [&](const tools::BlobBytes& blob) {
    EditedBlob edited(blob, 512);
    const std::size_t added = edited.add_section(SectionKind::kThresholds, kDecoder2, kMaySkip,
                                                 static_cast<std::uint32_t>(section.size()));
    std::memcpy(edited.bytes().data() + edited.section(added).offset, section.data(),
                section.size());
    return edited.seal().open();
  };
  CHECK(after_adding(s8_blob()) == Status::kOk);
  CHECK(after_adding(full_blob()) == Status::kDuplicateSection);
  CHECK(after_adding(s8_blob(kSmall, Layout::kHost, kDecoderPart)) == Status::kMisplacedSection);
  CHECK(after_adding(s8_blob(kSmall, Layout::kHost, kEncoderPart)) == Status::kMisplacedSection);
  for (const Type type : kFloatTypes) {
    CHECK(after_adding(float_blob(type)) == Status::kMisplacedSection);
  }
}

TEST_CASE("thresholds change neither the model id nor the version") {
  auto network = random_quantized_network(kSmall, 1);
  const auto without = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  const auto with = blob_with({10, 500});
  CHECK(with.header().model_id == without.header().model_id);
  CHECK(with.header().version == without.header().version);
}
