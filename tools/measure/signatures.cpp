#include "tools/measure/signatures.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/forward.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kManyRows = 23;  // whole tiles of every kernel, and some rows more

// Scratch for `rows` images.
struct HeapArena {
  HeapArena(const Dimensions& dimensions, std::size_t image_count)
      : row_size(arena_size<Integer>(dimensions)),
        memory(image_count * row_size),
        arena{memory.data(), image_count} {}

  std::size_t row_size;
  AlignedVector<std::byte> memory;
  DynamicArena arena;
};

void test_layers(const DynamicVae<Integer>& vae, std::size_t rows, SelfTest& result) {
  const HeapArena scratch(vae.dimensions(), rows);
  result.layers = vae.self_test(scratch.arena, scratch.row_size, result.differs);
  result.batch = rows;
}

}  // namespace

Signatures compute_signatures(const BlobBytes& blob, const Kernels& kernels) {
  constexpr std::size_t kRows = 10;
  DynamicVae<Integer> vae;
  Signatures signatures;
  Status status = vae.open(blob.bytes(), kernels);
  if (status == Status::kOk) {
    if (!vae.view().has(kDecoderPart)) return signatures;
    const HeapArena scratch(vae.dimensions(), kRows);
    std::vector<std::uint8_t> pixels(kRows * vae.dimensions().pixels);
    status = sign_digits(vae, scratch.arena, pixels.data(), signatures);
    if (status == Status::kOk) {
      status = sign_classes(vae, scratch.arena, pixels.data(), signatures);
    }
    if (status == Status::kOk && vae.view().has(kEncoderPart)) {
      std::vector<Score> scores(kRows);
      status = sign_scores(vae, scratch.arena, pixels.data(), scores.data(), signatures);
    }
  }
  if (status != Status::kOk) fail("the model cannot be signed: {}", message(status));
  return signatures;
}

SelfTest self_test(const BlobBytes& blob, const Kernels& kernels) {
  DynamicVae<Integer> vae;
  if (const Status status = vae.open(blob.bytes(), kernels); status != Status::kOk) {
    fail("the model cannot be tested: {}", message(status));
  }
  SelfTest result;
  test_layers(vae, 1, result);
  if (result.layers == Status::kOk) test_layers(vae, kManyRows, result);
  result.signatures = compute_signatures(blob, kernels);
  result.signatures_agree = agree(result.signatures, signatures_of(vae.view()));
  return result;
}

}  // namespace picovae::tools
