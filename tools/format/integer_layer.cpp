#include "tools/format/integer_layer.hpp"

#include <span>
#include <vector>

#include "picovae/blob.hpp"
#include "tools/base/error.hpp"
#include "tools/format/packed_weights.hpp"

namespace picovae::tools {
namespace {

template <typename T>
BlobBytes aligned(const std::vector<T>& values) {
  return BlobBytes(std::as_bytes(std::span(values)));
}

template <typename T>
const T* pointer(const BlobBytes& values) {
  return reinterpret_cast<const T*>(values.bytes().data());
}

}  // namespace

IntegerLayer::IntegerLayer(const QuantizedLayer& layer, Layer index, const Kernels& kernels)
    : weights_(
          aligned(packed_weights(kernels.layout, Type::kS8, layer.in, layer.out, layer.weight))),
      bias_(aligned(padded_outputs(layer.bias))),
      multiplier_(aligned(padded_outputs(layer.multiplier))),
      rescale_(aligned(padded_outputs(layer.rescale))),
      function_(kernels.s8) {
  if (function_ == nullptr) fail("the {} kernels cannot run integer models", kernels.name);
  dense_ = {.weights = weights_.bytes().data(),
            .bias = bias_.bytes().data(),
            .multiplier = pointer<std::uint16_t>(multiplier_),
            .rescale = pointer<std::int16_t>(rescale_),
            .in = static_cast<std::uint16_t>(layer.in),
            .out = static_cast<std::uint16_t>(layer.out),
            .pre_shift = layer.pre_shift,
            .post_shift = layer.post_shift,
            .wide_input = has_wide_input(index),
            .activation = layer_activation(index)};
}

}  // namespace picovae::tools
