// Any bytes as a .pvae: as they are, and with their checksums mended. What opens is run, by every
// call: scores and thresholds too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "picovae/blob.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/guarded.hpp"
#include "tests/engine/guarded_calls.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

void open_and_run(std::span<const std::byte> bytes) {
  static EveryKernel<Shape<kSmall.pixels, kSmall.hidden1, kSmall.hidden2, kSmall.latent>> machine;
  BlobView view;
  if (open_blob(bytes, view) != Status::kOk) return;
  verify_blob(view);
  if (machine.run(bytes).wrong != nullptr) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  GuardedBytes model(size, kBlobAlignment);
  std::copy(std::as_bytes(std::span(data, size)).begin(),
            std::as_bytes(std::span(data, size)).end(), model.bytes().begin());
  open_and_run(model.bytes());
  if (size < sizeof(BlobHeader)) return 0;
  seal(model.bytes());
  open_and_run(model.bytes());
  return 0;
}
