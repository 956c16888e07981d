// A blob on a host: its bytes, what the values of its header are called, and how one is
// written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "picovae/signature.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/names.hpp"

namespace picovae::tools {

// The bytes, aligned as the engine needs them.
class BlobBytes {
 public:
  BlobBytes() = default;
  explicit BlobBytes(std::size_t size) : bytes_(size) {}
  explicit BlobBytes(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}

  std::span<std::byte> bytes() { return bytes_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  // Of a blob that was checked.
  const BlobHeader& header() const { return *reinterpret_cast<const BlobHeader*>(bytes_.data()); }

 private:
  AlignedVector<std::byte> bytes_;
};

// What types, layouts and parts are called in messages, options and JSON.
inline constexpr std::array<Named<Type>, 4> kTypeNames = {
    {{"f32", Type::kF32}, {"s8", Type::kS8}, {"f16", Type::kF16}, {"bf16", Type::kBf16}}};
constexpr std::string_view type_name(Type type) { return name_of(kTypeNames, type); }

inline constexpr std::array<Named<Layout>, 3> kLayoutNames = {
    {{"host", Layout::kHost}, {"cortex-m", Layout::kCortexM}, {"mve", Layout::kMve}}};
constexpr std::string_view layout_name(Layout layout) { return name_of(kLayoutNames, layout); }

std::string_view parts_name(const BlobHeader& header);

// Whether layers of the decoder have weights of 4 bits; of a blob that was checked.
bool has_s4(const BlobHeader& header);

// The bytes of a model's file, of any kind; and whether they start as a blob does.
std::vector<std::byte> read_model(const std::filesystem::path& path);
bool starts_as_blob(std::span<const std::byte> bytes);

// Fails if open_blob or verify_blob refuses. `name` is the blob's, for messages.
void check_blob(std::span<const std::byte> blob, const std::string& name);

// Writes sections in the order in which they are added, then header, section table and CRCs.
class BlobWriter {
 public:
  template <typename Values>
  void add(SectionKind kind, std::size_t layer, const Values& values) {
    add_bytes(kind, layer, std::as_bytes(std::span(values)));
  }

  // `header` has type, layout, dimensions, parts, model_id, signatures and shifts. Fails if the
  // engine would refuse the blob.
  BlobBytes finish(BlobHeader header);

 private:
  void add_bytes(SectionKind kind, std::size_t layer, std::span<const std::byte> bytes);

  std::vector<Section> entries_;
  std::vector<std::vector<std::byte>> contents_;
};

}  // namespace picovae::tools
