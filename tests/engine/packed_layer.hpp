// What tests of kernels run: the kernels of this machine, and layers.
#pragma once

#include <cstddef>
#include <vector>

#include "picovae/kernels.hpp"
#include "tools/format/packed_layer.hpp"

namespace picovae::tests {

// The tables of this build that this machine can run.
inline std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> runnable;
  for (const Kernels* kernels : built_kernels()) {
    if (machine_runs(kernels->isa)) runnable.push_back(kernels);
  }
  return runnable;
}

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
