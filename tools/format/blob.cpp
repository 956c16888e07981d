#include "tools/format/blob.hpp"

#include <algorithm>
#include <cstring>

#include "picovae/classes.hpp"
#include "picovae/crc32c.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"

namespace picovae::tools {

std::string_view parts_name(const BlobHeader& header) {
  if (header.parts == kDecoderPart) return "decoder";
  if (header.parts == kEncoderPart) return "encoder";
  return "encoder and decoder";
}

bool has_s4(const BlobHeader& header) {
  const auto table = sections(header);
  return std::any_of(table.begin(), table.end(),
                     [](const Section& section) { return section.kind == SectionKind::kWeights4; });
}

bool starts_as_blob(std::span<const std::byte> bytes) {
  return bytes.size() >= kBlobMagic.size() &&
         std::memcmp(bytes.data(), kBlobMagic.data(), kBlobMagic.size()) == 0;
}

std::vector<std::byte> read_model(const std::filesystem::path& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 30;
  return read_file(path, kLargest);
}

void check_blob(std::span<const std::byte> blob, const std::string& name) {
  const auto check = [&](Status status) {
    if (status != Status::kOk) fail("{}: {}", name, message(status));
  };
  BlobView view;
  check(open_blob(blob, view));
  check(verify_blob(view));
}

void BlobWriter::add_bytes(SectionKind kind, std::size_t layer, std::span<const std::byte> bytes) {
  // A reader that does not know these computes the same without them.
  const bool skip = kind == SectionKind::kGolden || kind == SectionKind::kClasses ||
                    kind == SectionKind::kThresholds;
  const std::uint8_t flags = skip ? kMaySkip : 0;
  entries_.push_back({kind, static_cast<std::uint8_t>(layer), flags, 0, 0,
                      static_cast<std::uint32_t>(bytes.size()), crc32c(bytes)});
  contents_.emplace_back(bytes.begin(), bytes.end());
}

BlobBytes BlobWriter::finish(BlobHeader header) {
  std::size_t end = sizeof(BlobHeader) + entries_.size() * sizeof(Section);
  for (Section& entry : entries_) {
    entry.offset = static_cast<std::uint32_t>(round_up(end, kBlobAlignment));
    end = entry.offset + entry.size;
  }
  header.magic = kBlobMagic;
  header.version = kBlobVersion;
  header.total_size = static_cast<std::uint32_t>(round_up(end, kBlobAlignment));
  header.section_count = static_cast<std::uint8_t>(entries_.size());

  const auto table = std::as_bytes(std::span(entries_));
  const auto header_bytes = std::as_bytes(std::span(&header, 1));
  header.checksum = crc32c(table, crc32c(header_bytes.first(offsetof(BlobHeader, checksum))));

  BlobBytes blob(header.total_size);
  std::byte* base = blob.bytes().data();
  std::memcpy(base, header_bytes.data(), header_bytes.size());
  std::memcpy(base + sizeof(BlobHeader), table.data(), table.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::memcpy(base + entries_[i].offset, contents_[i].data(), contents_[i].size());
  }
  BlobView view;
  Status status = open_blob(blob.bytes(), view);
  if (status == Status::kOk) status = verify_blob(view);
  if (status != Status::kOk) fail("the model cannot be packed: {}", message(status));
  return blob;
}

}  // namespace picovae::tools
