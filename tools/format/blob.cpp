#include "tools/format/blob.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "picovae/classes.hpp"
#include "picovae/crc32c.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

// Names of files may hold anything: a newline or a backslash would end the comment or prolong it.
std::string for_comment(std::string_view text) {
  constexpr std::string_view kHarmless =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._-+,=@~()";
  std::string result;
  for (const char c : text) result += kHarmless.find(c) == std::string_view::npos ? '_' : c;
  return result;
}

// Decimal without blanks: shortest to store and fastest to compile.
std::string decimal_lines(std::span<const std::byte> bytes) {
  constexpr std::size_t kColumns = 100;
  std::string text;
  std::size_t line = 0;
  for (const std::byte byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{},", std::to_integer<unsigned>(byte));
    if (text.size() - line > kColumns - 4) {
      text += '\n';
      line = text.size();
    }
  }
  if (text.size() > line) text += '\n';
  return text;
}

}  // namespace

std::string_view parts_name(const BlobHeader& header) {
  if (header.parts == kDecoderPart) return "decoder";
  if (header.parts == kEncoderPart) return "encoder";
  return "encoder and decoder";
}

bool starts_as_blob(std::span<const std::byte> bytes) {
  return bytes.size() >= kBlobMagic.size() &&
         std::memcmp(bytes.data(), kBlobMagic.data(), kBlobMagic.size()) == 0;
}

bool is_blob(const std::filesystem::path& path) {
  std::array<char, kBlobMagic.size()> start;
  std::ifstream file(path, std::ios::binary);
  return file.read(start.data(), start.size()) && starts_as_blob(std::as_bytes(std::span(start)));
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
  // A reader that does not know golden sections or classes computes the same without them.
  const bool skip = kind == SectionKind::kGolden || kind == SectionKind::kClasses;
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

std::string c_array(std::span<const std::byte> blob, std::string_view command) {
  const auto& header = *reinterpret_cast<const BlobHeader*>(blob.data());
  const Dimensions d = header.dimensions;
  return fmt::format(
      R"(// A picovae model, {bytes} bytes, made by
//   {command}
//
// shape      {pixels}-{hidden1}-{hidden2}-{latent}, {parts}
// weights    {type}, layout {layout}, format {version}
// model id   {model_id:08x}
// signature  {signature:08x}
#pragma once

#if defined(__cplusplus) && __cplusplus >= 201703L
alignas({alignment}) inline constexpr
#elif defined(__cplusplus)
alignas({alignment}) constexpr
#else
_Alignas({alignment}) static const
#endif
unsigned char picovae_model[] = {{
{numbers}}};

#ifdef __cplusplus
static_assert(sizeof(picovae_model) == {bytes}, "the model is not whole");
#else
_Static_assert(sizeof(picovae_model) == {bytes}, "the model is not whole");
#endif
)",
      fmt::arg("bytes", blob.size()), fmt::arg("command", for_comment(command)),
      fmt::arg("pixels", d.pixels), fmt::arg("hidden1", d.hidden1), fmt::arg("hidden2", d.hidden2),
      fmt::arg("latent", d.latent), fmt::arg("parts", parts_name(header)),
      fmt::arg("type", type_name(header.type)), fmt::arg("layout", layout_name(header.layout)),
      fmt::arg("version", header.version), fmt::arg("model_id", header.model_id),
      fmt::arg("signature", header.signature), fmt::arg("alignment", kBlobAlignment),
      fmt::arg("numbers", decimal_lines(blob)));
}

}  // namespace picovae::tools
