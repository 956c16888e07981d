// A blob that a test changes in place: damage by accident, or by somebody who corrects the
// checksums.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "picovae/blob.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "tools/format/blob.hpp"

namespace picovae::tests {

// Sets the CRCs of a blob as an attacker would: right for everything that can be reached.
inline void seal(std::span<std::byte> bytes) {
  auto& header = *reinterpret_cast<BlobHeader*>(bytes.data());
  auto* table = reinterpret_cast<Section*>(&header + 1);
  const std::size_t table_size = header.section_count * sizeof(Section);
  if (sizeof(BlobHeader) + table_size > bytes.size()) return;
  for (Section& s : std::span(table, header.section_count)) {
    if (std::uint64_t{s.offset} + s.size > bytes.size() ||
        s.offset < sizeof(BlobHeader) + table_size) {
      continue;
    }
    s.checksum = crc32c(bytes.subspan(s.offset, s.size));
  }
  const std::uint32_t crc = crc32c(bytes.first(offsetof(BlobHeader, checksum)));
  header.checksum = crc32c(bytes.subspan(sizeof(BlobHeader), table_size), crc);
}

// Its parts are changed in place; seal() corrects the CRCs.
class EditedBlob {
 public:
  explicit EditedBlob(const tools::BlobBytes& blob, std::size_t more = 0)
      : bytes_(blob.bytes().size() + more) {
    std::memcpy(bytes().data(), blob.bytes().data(), blob.bytes().size());
  }

  std::span<std::byte> bytes() { return bytes_.bytes(); }
  BlobHeader& header() { return *reinterpret_cast<BlobHeader*>(bytes().data()); }
  Section& section(std::size_t i) { return reinterpret_cast<Section*>(&header() + 1)[i]; }
  std::size_t section_count() { return header().section_count; }

  Section& section(SectionKind kind, std::size_t layer) {
    for (std::size_t i = 0; i < section_count(); ++i) {
      if (section(i).kind == kind && section(i).layer == layer) return section(i);
    }
    FAIL("no such section");
    return section(0);
  }

  template <typename T>
  T* contents(SectionKind kind, std::size_t layer) {
    return reinterpret_cast<T*>(bytes().data() + section(kind, layer).offset);
  }

  // Weight [output][input] of an s8 model.
  std::int8_t& weight(std::size_t layer, std::size_t output, std::size_t input) {
    const auto [in, out] = layer_sizes(header())[layer];
    return contents<std::int8_t>(
        SectionKind::kWeights,
        layer)[packed_index(header().layout, Type::kS8, in, out, output, input)];
  }

  // Moves the sections after `i` down by one in the table.
  void remove_section(std::size_t i) {
    for (; i + 1 < section_count(); ++i) section(i) = section(i + 1);
    section(i) = Section{};
    --header().section_count;
  }

  // Adds a section at the end of the blob, zero so far, and moves the others if the table
  // needs their place. The blob must have been made with 64 bytes more than that.
  std::size_t add_section(SectionKind kind, std::uint8_t layer, std::uint8_t flags,
                          std::uint32_t size) {
    const std::uint32_t total = header().total_size;
    const std::uint32_t first = section(0).offset;
    if (sizeof(BlobHeader) + (section_count() + 1) * sizeof(Section) > first) {
      std::memmove(bytes().data() + first + 64, bytes().data() + first, total - first);
      std::memset(bytes().data() + first, 0, 64);
      for (std::size_t i = 0; i < section_count(); ++i) section(i).offset += 64;
      header().total_size += 64;
    }
    const std::size_t index = header().section_count++;
    section(index) = {kind, layer, flags, 0, header().total_size, size, 0};
    header().total_size += static_cast<std::uint32_t>(round_up(size, kBlobAlignment));
    REQUIRE(header().total_size <= bytes().size());
    return index;
  }

  EditedBlob& seal() {
    tests::seal(bytes());
    return *this;
  }

  Status open() {
    BlobView view;
    const Status status = open_blob(bytes(), view);
    // A refusal leaves the view alone.
    if (status != Status::kOk) REQUIRE(view.header == nullptr);
    return status;
  }

  // What verify_blob says of a blob that opens.
  Status verify() {
    BlobView view;
    REQUIRE(open_blob(bytes(), view) == Status::kOk);
    return verify_blob(view);
  }

  // The first refusal of open and verify.
  Status check() {
    BlobView view;
    const Status status = open_blob(bytes(), view);
    return status == Status::kOk ? verify_blob(view) : status;
  }

 private:
  tools::BlobBytes bytes_;
};

}  // namespace picovae::tests
