#include "tools/format/unpack.hpp"

#include "picovae/layout.hpp"
#include "tools/base/error.hpp"
#include "tools/format/class_gaussians.hpp"
#include "tools/format/pack.hpp"

namespace picovae::tools {
namespace {

std::vector<std::int8_t> logical_weights(const Dense& dense, Layout layout) {
  const auto* packed = static_cast<const std::int8_t*>(dense.weights);
  std::vector<std::int8_t> weights(std::size_t{dense.in} * dense.out);
  for (std::size_t output = 0; output < dense.out; ++output) {
    for (std::size_t input = 0; input < dense.in; ++input) {
      weights[output * dense.in + input] = logical_weight(
          layout, output,
          packed[packed_index(layout, Type::kS8, dense.in, dense.out, output, input)]);
    }
  }
  return weights;
}

template <typename T>
std::vector<T> values(const void* from, std::size_t count) {
  if (from == nullptr) return {};
  const T* first = static_cast<const T*>(from);
  return {first, first + count};
}

}  // namespace

QuantizedNetwork unpack_s8(const BlobView& view, const std::string& name) {
  QuantizedNetwork network;
  network.dimensions = view.header->dimensions;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const Dense& dense = view.layers[i];
    if (dense.weights == nullptr) continue;
    network.layers[i] = {.in = dense.in,
                         .out = dense.out,
                         .weight = logical_weights(dense, view.header->layout),
                         .bias = values<std::int32_t>(dense.bias, dense.out),
                         .multiplier = values<std::uint16_t>(dense.multiplier, dense.out),
                         .rescale = values<std::int16_t>(dense.rescale, dense.out),
                         .pre_shift = dense.pre_shift,
                         .post_shift = dense.post_shift};
  }
  network.classes = class_section(view);
  if (const std::uint32_t id = model_id(network, view.header->parts); id != view.header->model_id) {
    fail(
        "{}: its parameters have model id {:08x}, its header says {:08x}: it was changed; "
        "quantize the model again",
        name, id, view.header->model_id);
  }
  return network;
}

}  // namespace picovae::tools
