// The self-test of an s8 model on a host: golden layers and signatures, on any of its kernels.
#pragma once

#include <cstddef>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "picovae/status.h"
#include "tools/format/blob_bytes.hpp"
#include "tools/format/pack.hpp"

namespace picovae::tools {

struct SelfTest {
  Status layers = Status::kOk;  // kOk, kNoGolden or kWrongOutput
  Layer differs = kLayerCount;  // the first layer that is wrong
  std::size_t batch = 0;        // rows at which it is
  Signatures signatures;        // as computed anew
  bool signatures_agree = false;

  bool ok() const { return layers == Status::kOk && signatures_agree; }
};

// Golden layers a row at a time and many together (kernels have paths of their own for either),
// then the signatures. The blob has the layout of hosts and the shape that the tools are built for.
SelfTest self_test(const BlobBytes& blob, const Kernels& kernels);

}  // namespace picovae::tools
