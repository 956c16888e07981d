// Layers for tests of kernels.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/engine/runnable_kernels.hpp"
#include "tools/format/packed_layer.hpp"

namespace picovae::tests {

using tools::F32Layer;
using tools::HalfLayer;
using tools::S8Layer;

// A layer of a host whose weights are weight_of(output, input); all else is zero.
template <typename Packed, typename WeightOf>
Packed make_layer(std::size_t in, std::size_t out, const WeightOf& weight_of) {
  std::vector<typename decltype(Packed::weights)::value_type> weights;
  for (std::size_t j = 0; j < out; ++j) {
    for (std::size_t k = 0; k < in; ++k) weights.push_back(weight_of(j, k));
  }
  return Packed(Layout::kHost, in, out, weights);
}

}  // namespace picovae::tests
