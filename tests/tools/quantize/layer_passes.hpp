// What layers give for images, and for digits of the prior: for tests of what is chosen by them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "picovae/kernels.hpp"
#include "tools/format/network.hpp"
#include "tools/quantize/activation_costs.hpp"
#include "tools/quantize/calibration.hpp"

namespace picovae::tests {

struct LayerPasses {
  tools::LayerMatrices seen, drawn;  // outputs of each layer before the activation
};

inline LayerPasses pass_layers(const tools::Network& network,
                               std::span<const std::uint8_t> images) {
  tools::Calibration calibration(
      network, images,
      {.images = images.size() / network.pixels, .seed = 1, .threads = 1, .prior = true},
      kScalarKernels);
  LayerPasses passes;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    auto trace = calibration.next();
    passes.seen[l] = std::move(trace.outputs);
    passes.drawn[l] = std::move(trace.prior_outputs);
  }
  return passes;
}

}  // namespace picovae::tests
