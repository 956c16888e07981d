#include "tools/quantize/run_layer.hpp"

#include <algorithm>

#include "tools/base/error.hpp"
#include "tools/base/vector_ops.hpp"

namespace picovae::tools {

FloatLayer::FloatLayer(const DenseWeights& layer, const Kernels& kernels)
    : layer_(Layout::kHost, layer.in, layer.out, layer.weight), kernel_(kernels.f32) {
  if (kernel_ == nullptr) fail("the {} kernels cannot run float models", kernels.name);
  std::copy(layer.bias.begin(), layer.bias.end(), layer_.bias.begin());
}

IntegerLayer::IntegerLayer(const QuantizedLayer& layer, Layer index, Activation hidden,
                           const Kernels& kernels)
    : layer_(pack_layer(layer, index, hidden, kernels.layout)), kernel_(kernels.s8) {
  if (kernel_ == nullptr) fail("the {} kernels cannot run integer models", kernels.name);
}

void apply_hidden(AlignedRows<float>& outputs, Activation hidden, const Kernels& kernels) {
  const auto apply = vector_ops(kernels.isa).hidden(hidden);
  for (std::size_t row = 0; row < outputs.rows(); ++row) {
    apply(outputs.row(row), 0, outputs.stride());
  }
}

}  // namespace picovae::tools
