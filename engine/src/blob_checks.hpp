// What both checks of a blob need: open_blob (blob.cpp) and verify_blob (verify.cpp).
#pragma once

#include <cstddef>

#include "picovae/blob.hpp"
#include "picovae/standard.hpp"

namespace picovae {

// A board's build names the one layout that its kernels read (PICOVAE_ONLY_LAYOUT), and has no code
// for models that it could not run.
#if defined(PICOVAE_ONLY_LAYOUT)
constexpr Type type_of(const BlobHeader&) { return Type::kS8; }
constexpr Layout layout_of(const BlobHeader&) { return Layout::PICOVAE_ONLY_LAYOUT; }
#else
inline Type type_of(const BlobHeader& header) { return header.type; }
inline Layout layout_of(const BlobHeader& header) { return header.layout; }
#endif

// The blob that starts with the header.
inline span<const std::byte> bytes_of(const BlobHeader& header) {
  return {reinterpret_cast<const std::byte*>(&header), header.total_size};
}

// Where the section table ends, in bytes from the start of the blob.
inline std::size_t table_end(const BlobHeader& header) {
  return sizeof(BlobHeader) + header.section_count * sizeof(Section);
}

inline bool is_zero(span<const std::byte> bytes) {
  for (const std::byte b : bytes) {
    if (b != std::byte{0}) return false;
  }
  return true;
}

// True if each value is at least `least_step` above the one before it.
template <typename T>
bool is_sorted(const T* values, std::size_t count, T least_step) {
  for (std::size_t i = 1; i < count; ++i) {
    if (values[i] < values[i - 1] || values[i] - values[i - 1] < least_step) return false;
  }
  return true;
}

// Finds the section of a kind that a model has once at most.
//   layer    the layer that it belongs to
//   may_be   whether this model may have one
//   missing  the status if there is none
//   found    out, if kOk is returned
// Returns kOk, `missing`, kMisplacedSection or kDuplicateSection.
inline Status find_section(const BlobHeader& header, SectionKind kind, Layer layer, bool may_be,
                           Status missing, const Section*& found) {
  found = nullptr;
  for (const Section& section : sections(header)) {
    if (section.kind != kind) continue;
    if (section.layer != layer || !may_be) return Status::kMisplacedSection;
    if (found != nullptr) return Status::kDuplicateSection;
    found = &section;
  }
  return found == nullptr ? missing : Status::kOk;
}

}  // namespace picovae
