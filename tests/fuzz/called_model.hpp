// The models of fuzz_calls: packed ones of every kind, and what the input makes of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "picovae/blob.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/fuzz/heap_bytes.hpp"
#include "tests/fuzz/input.hpp"
#include "tools/base/error.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"

namespace picovae::tests {

// The same model in the layout of hosts; none if it is of floats, or has another id than it says.
inline std::optional<tools::BlobBytes> for_hosts(std::span<const std::byte> blob) {
  BlobView view;
  if (open_blob(blob, view) != Status::kOk || verify_blob(view) != Status::kOk) return {};
  if (view.header->type != Type::kS8) return {};
  if (view.header->layout == Layout::kHost) {
    return tools::BlobBytes(blob.first(view.header->total_size));
  }
  try {
    return tools::pack_s8(tools::unpack_s8(view, "FILE"), Layout::kHost, view.header->parts, {});
  } catch (const tools::Error&) {
    return {};
  }
}

enum class ModelState : std::uint8_t {
  kWhole,    // as it was packed
  kDamaged,  // other bytes, whose checksums tell
  kMended    // other bytes with checksums of their own
};

struct CalledModel {
  HeapBytes bytes;
  const tools::BlobBytes& packed;  // what it was made of
  ModelState state = ModelState::kWhole;
  const tools::BlobBytes* reference = nullptr;  // if verify_blob accepts it: see for_hosts
  std::optional<tools::BlobBytes> own_reference{};

  bool is_whole() const { return state == ModelState::kWhole; }

  // After a change without a look at the checksums.
  void changed() {
    reference = nullptr;
    if (state == ModelState::kMended) return;
    const auto from = packed.bytes(), to = std::span<const std::byte>(bytes.bytes());
    const bool equal =
        bytes.is_aligned() && std::equal(from.begin(), from.end(), to.begin(), to.end());
    state = equal ? ModelState::kWhole : ModelState::kDamaged;
  }
};

// One of the packed models: as it is, cut short, at a wrong address, or with other bytes.
inline std::shared_ptr<CalledModel> any_called_model(Input& input) {
  static const std::vector<tools::BlobBytes> packed = all_kinds();
  static const std::vector<std::optional<tools::BlobBytes>> references = [] {
    std::vector<std::optional<tools::BlobBytes>> made;
    for (const auto& blob : packed) made.push_back(for_hosts(blob.bytes()));
    return made;
  }();
  const std::size_t index = input.size(0, packed.size() - 1);
  const auto from = packed[index].bytes();
  enum : std::uint8_t { kMisplaced = 1, kCut = 2, kEdited = 5, kAll = 7, kSealed = 8 };
  const std::uint8_t options = input.any<std::uint8_t>();
  const int damage = options & kAll;
  const std::size_t offset = damage == kMisplaced ? input.size(1, kBlobAlignment - 1) : 0;
  const std::size_t cut = damage == kCut ? input.size(0, from.size()) : 0;
  auto model = std::make_shared<CalledModel>(
      CalledModel{HeapBytes(from.size() - cut, offset), packed[index]});
  const std::span<std::byte> bytes = model->bytes.bytes();
  std::copy_n(from.begin(), bytes.size(), bytes.begin());
  for (int edits = damage >= kEdited ? input.between(1, 4) : 0; edits > 0; --edits) {
    bytes[input.size(0, bytes.size() - 1)] ^= std::byte{input.any<std::uint8_t>()};
  }
  model->changed();
  if (model->is_whole()) {
    if (references[index]) model->reference = &*references[index];
  } else if (damage >= kEdited && (options & kSealed) != 0) {
    seal(bytes);
    model->state = ModelState::kMended;
    model->own_reference = for_hosts(bytes);
    if (model->own_reference) model->reference = &*model->own_reference;
  }
  return model;
}

}  // namespace picovae::tests
