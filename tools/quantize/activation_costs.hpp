// What errors of hidden activations cost, unit by unit and image by image: how much of a layer's
// rounding matters.
#pragma once

#include <array>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

// One matrix a layer; without rows where there is none.
using LayerMatrices = std::array<AlignedRows<float>, kLayerCount>;

// For each hidden layer costs [rows][units]: an error e of an activation alone costs
// cost * e^2 / 2 nats of negative ELBO, as the diagonal of the Gauss-Newton matrix says, whose
// layers are taken one after the other without what units do together.
//   outputs  [rows][out] of each layer before the activation; those of the encoder, of the decoder
//            or of both
//   kernels  run layers; f32 is used
LayerMatrices activation_costs(const Network& network, const LayerMatrices& outputs,
                               const Kernels& kernels, unsigned threads);

}  // namespace picovae::tools
