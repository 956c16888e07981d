// What an s8 model computes, in a few numbers that are equal on every target: its signatures, and
// the self-test that holds a machine against them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/signature.hpp"
#include "tools/format/blob.hpp"

namespace picovae::tools {

// The signatures of a blob, computed by these kernels; those of parts that it lacks are 0.
Signatures compute_signatures(const BlobBytes& blob, const Kernels& kernels);

struct SelfTest {
  Status layers = Status::kOk;  // kOk, kNoGolden or kWrongOutput
  Layer differs = kLayerCount;  // the first layer that is wrong
  std::size_t batch = 0;        // rows at which it is
  Signatures signatures;        // as computed now
  bool signatures_agree = false;

  bool ok() const { return layers == Status::kOk && signatures_agree; }
};

// Golden layers a row at a time and many rows together (kernels have separate paths for both), then
// the signatures. The blob has the layout of hosts.
SelfTest self_test(const BlobBytes& blob, const Kernels& kernels);

}  // namespace picovae::tools
