// The section table, and what is where it says.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "picovae/blob.hpp"
#include "picovae/s4.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

template <typename T>
using List = std::initializer_list<T>;

// True if not even a byte of padding follows the section.
bool ends_the_blob(const tools::BlobBytes& blob, std::size_t i) {
  const Section& section = sections(blob.header())[i];
  return section.offset + section.size == blob.bytes().size();
}

}  // namespace

TEST_CASE("sections out of range, misaligned, overlapping, out of order or of the wrong size") {
  for (const auto& blob : all_kinds()) {
    const std::size_t count = EditedBlob(blob).section_count();
    for (std::size_t i = 0; i < count; ++i) {
      CAPTURE(i);
      const auto refused = [&](auto change) {
        EditedBlob edited(blob);
        change(edited.section(i));
        CHECK(edited.open() == Status::kBadHeaderChecksum);
        return edited.seal().open();
      };
      const auto size = static_cast<std::uint32_t>(blob.bytes().size());
      const auto beyond = Status::kSectionOutOfRange;
      CHECK(refused([&](Section& s) { s.offset = size; }) == beyond);
      CHECK(refused([&](Section& s) { s.offset = size + 64; }) == beyond);
      CHECK(refused([](Section& s) { s.offset = 0xffffffc0; }) == beyond);  // + size is over 2^32
      CHECK(refused([](Section& s) { s.size = 0xffffffff; }) == beyond);
      CHECK(refused([](Section& s) { s.size = 0u - s.offset; }) == beyond);  // + offset is 2^32
      CHECK(refused([](Section& s) { s.offset = 0; }) == Status::kOverlappingSections);
      CHECK(refused([](Section& s) { s.offset = 64; }) == Status::kOverlappingSections);  // table
      for (const std::uint32_t shift : List<std::uint32_t>{1, 2, 4, 16, 32, 63}) {
        CHECK(refused([&](Section& s) { s.offset += shift; }) == Status::kMisalignedSection);
      }
      CHECK(refused([](Section& s) { s.size = 0; }) == Status::kBadSectionSize);
      CHECK(refused([](Section& s) { s.size += 1; }) ==
            (ends_the_blob(blob, i) ? beyond : Status::kBadSectionSize));
      CHECK(refused([](Section& s) { s.size -= 1; }) == Status::kBadSectionSize);
      // Classes and thresholds are looked into after all others were found.
      const bool later = EditedBlob(blob).section(i).kind == SectionKind::kClasses ||
                         EditedBlob(blob).section(i).kind == SectionKind::kThresholds;
      CHECK(refused([](Section& s) { s.size += 64; }) == (i + 1 == count ? beyond
                                                          : later ? Status::kOverlappingSections
                                                                  : Status::kBadSectionSize));
      CHECK(refused([](Section& s) { s.reserved = 1; }) == Status::kBadReserved);
      CHECK(refused([](Section& s) { s.flags = 2; }) == Status::kBadReserved);
      CHECK(refused([](Section& s) { s.layer = kLayerCount; }) == Status::kMisplacedSection);
      CHECK(refused([](Section& s) { s.layer = 255; }) == Status::kMisplacedSection);
      for (const int kind : {0, 77, 255}) {
        CHECK(refused([&](Section& s) {
                s.kind = SectionKind{static_cast<std::uint8_t>(kind)};
                s.flags = 0;
              }) == Status::kUnknownSection);
      }
      if (i == 0) continue;
      EditedBlob overlapping(blob);
      overlapping.section(i).offset = overlapping.section(i - 1).offset;
      CHECK(overlapping.seal().open() == Status::kOverlappingSections);
      EditedBlob swapped(blob);
      std::swap(swapped.section(i), swapped.section(i - 1));
      CHECK(swapped.seal().open() == Status::kOverlappingSections);
    }
  }
}

TEST_CASE("a section twice, or one that the model cannot have") {
  EditedBlob twice(s8_blob());
  twice.section(SectionKind::kRescale, 0).kind = SectionKind::kMultiplier;  // both 32 bytes
  CHECK(twice.seal().open() == Status::kDuplicateSection);

  EditedBlob head(s8_blob());  // mu and logvar know no softplus
  head.section(SectionKind::kMultiplier, kEncoderHeads).kind = SectionKind::kRescale;
  CHECK(head.seal().open() == Status::kMisplacedSection);

  EditedBlob f32(f32_blob(), 128);
  f32.add_section(SectionKind::kMultiplier, 0, 0, 32);
  CHECK(f32.seal().open() == Status::kMisplacedSection);

  EditedBlob decoder(s8_blob(kSmall, Layout::kHost, kDecoderPart), 128);
  decoder.add_section(SectionKind::kBias, 0, 0, 64);
  CHECK(decoder.seal().open() == Status::kMisplacedSection);

  // Its size is right by chance, since both hidden layers have fewer than 16 units.
  EditedBlob other_layer(s8_blob());
  other_layer.section(SectionKind::kBias, kEncoder0).layer = kEncoder1;
  CHECK(other_layer.seal().open() == Status::kDuplicateSection);

  EditedBlob parts(s8_blob(kSmall, Layout::kHost, kDecoderPart));
  parts.header().parts = kEncoderPart;
  CHECK(parts.seal().open() == Status::kMisplacedSection);
}

TEST_CASE("weights of 4 bits are of the decoder of an s8 model, in place of s8 ones") {
  for (const Layer layer : {kEncoder0, kEncoder1, kEncoderHeads}) {
    EditedBlob encoder(s8_blob());
    encoder.section(SectionKind::kWeights, layer).kind = SectionKind::kWeights4;
    CHECK(encoder.seal().open() == Status::kMisplacedSection);
  }
  EditedBlob f32(f32_blob());
  f32.section(SectionKind::kWeights, kDecoder1).kind = SectionKind::kWeights4;
  CHECK(f32.seal().open() == Status::kMisplacedSection);
  EditedBlob s8(s8_blob());
  s8.section(SectionKind::kWeights, kDecoder1).kind = SectionKind::kWeights4;
  CHECK(s8.seal().open() == Status::kBadSectionSize);
  EditedBlob s4(s4_blob());
  s4.section(SectionKind::kWeights4, kDecoder1).kind = SectionKind::kWeights;
  CHECK(s4.seal().open() == Status::kBadSectionSize);

  const auto bytes = static_cast<std::uint32_t>(s4_size(Layout::kHost, 6, 7));
  EditedBlob both(s8_blob(), bytes + 128);
  both.add_section(SectionKind::kWeights4, kDecoder1, 0, bytes);
  CHECK(both.seal().open() == Status::kDuplicateSection);
}

TEST_CASE("every section is missed but golden ones, classes and thresholds") {
  for (const auto& blob : all_kinds()) {
    const std::size_t count = EditedBlob(blob).section_count();
    for (std::size_t i = 0; i < count; ++i) {
      CAPTURE(i);
      const Status missed =
          EditedBlob(blob).section(i).flags == kMaySkip ? Status::kOk : Status::kMissingSection;
      EditedBlob removed(blob);
      removed.remove_section(i);
      CHECK(removed.seal().open() == missed);

      EditedBlob renamed(blob);
      renamed.section(i).kind = SectionKind{77};
      renamed.section(i).flags = 0;
      CHECK(renamed.seal().open() == Status::kUnknownSection);
      renamed.section(i).flags = kMaySkip;
      CHECK(renamed.seal().open() == missed);
    }
  }
  EditedBlob half(s8_blob(kSmall, Layout::kHost, kDecoderPart));
  half.header().parts = kBothParts;
  CHECK(half.seal().open() == Status::kMissingSection);
}

TEST_CASE("sections of later kinds may be skipped where they say so, and are checked even so") {
  for (const auto& blob : all_kinds()) {
    EditedBlob edited(blob, 192);
    const std::size_t last = edited.add_section(SectionKind{200}, 99, kMaySkip, 70);
    const std::size_t at = edited.section(last).offset;
    edited.bytes()[at + 69] = std::byte{7};
    CHECK(edited.seal().check() == Status::kOk);
    edited.bytes()[at + 1] = std::byte{7};
    CHECK(edited.check() == Status::kBadSectionChecksum);
    CHECK(edited.seal().check() == Status::kOk);
    edited.bytes()[at + 70] = std::byte{7};  // behind it
    CHECK(edited.seal().check() == Status::kBadPadding);

    edited.section(last).flags = 0;
    CHECK(edited.seal().open() == Status::kUnknownSection);
    edited.section(last).flags = kMaySkip;
    // Nobody compares its size with an expected one, so that its range alone must stop these.
    const std::uint32_t offset = edited.section(last).offset;
    for (const std::uint32_t size :
         List<std::uint32_t>{129, 0u - offset, 64u - offset, 0xffffffff}) {
      edited.section(last).size = size;
      CHECK(edited.seal().open() == Status::kSectionOutOfRange);
    }
  }
}

TEST_CASE("a damaged section") {
  for (const auto& blob : all_kinds()) {
    const std::size_t count = EditedBlob(blob).section_count();
    for (std::size_t i = 0; i < count; ++i) {
      EditedBlob edited(blob);
      edited.bytes()[edited.section(i).offset] ^= std::byte{0x10};
      CAPTURE(i);
      const SectionKind kind = edited.section(i).kind;
      if (kind >= SectionKind::kClasses && kind <= SectionKind::kThresholds) {  // open reads it
        CHECK(edited.open() != Status::kOk);
        continue;
      }
      CHECK(edited.open() == Status::kOk);
      CHECK(edited.verify() == Status::kBadSectionChecksum);
    }
  }
}

TEST_CASE("padding between sections that is not zero") {
  std::size_t gaps = 0;
  for (const auto& blob : all_kinds()) {
    EditedBlob edited(blob);
    std::size_t end = sizeof(BlobHeader) + edited.section_count() * sizeof(Section);
    for (std::size_t i = 0; i <= edited.section_count(); ++i) {
      const bool last = i == edited.section_count();
      const std::size_t next = last ? edited.bytes().size() : edited.section(i).offset;
      for (; end < next; ++end) {
        edited.bytes()[end] = std::byte{0x80};
        CHECK(edited.open() == Status::kOk);
        CHECK(edited.verify() == Status::kBadPadding);
        edited.bytes()[end] = std::byte{0};
        ++gaps;
      }
      if (!last) end = edited.section(i).offset + edited.section(i).size;
    }
  }
  CHECK(gaps > 100);
}
