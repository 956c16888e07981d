#include "tools/measure/signatures.hpp"

#include <memory>

#include "picovae/vae.hpp"
#include "tools/base/built_shape.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kManyRows = 23;  // whole tiles of every kernel, and some rows more

template <std::size_t Batch>
void test_layers(const Vae<BuiltShape, Integer>& vae, SelfTest& result) {
  const auto arena = std::make_unique<Arena<BuiltShape, Integer, Batch>>();
  result.layers = vae.self_test(*arena, result.differs);
  result.batch = Batch;
}

}  // namespace

Signatures compute_signatures(const BlobBytes& blob, const Kernels& kernels) {
  return compute_signatures_of<BuiltShape>(blob, kernels);
}

SelfTest self_test(const BlobBytes& blob, const Kernels& kernels) {
  Vae<BuiltShape, Integer> vae;
  if (const Status status = vae.open(blob.bytes(), kernels); status != Status::kOk) {
    fail("the model cannot be tested: {}", message(status));
  }
  SelfTest result;
  test_layers<1>(vae, result);
  if (result.layers == Status::kOk) test_layers<kManyRows>(vae, result);
  result.signatures = compute_signatures(blob, kernels);
  result.signatures_agree = result.signatures == signatures_of(vae.view());
  return result;
}

}  // namespace picovae::tools
