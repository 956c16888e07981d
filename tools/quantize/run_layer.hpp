// Layers one at a time over many images, float or integer, through the kernels that the model will
// run on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"
#include "tools/format/network.hpp"
#include "tools/format/packed_layer.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

// Outputs of `layer` [rows][out] for x [rows][in], with another activation than the layer's.
template <typename Y, typename X>
AlignedRows<Y> run_layer(Dense layer, Activation activation, DenseFn kernel,
                         const AlignedRows<X>& x, unsigned threads) {
  constexpr std::size_t kPart = 200;  // rows that a thread takes at a time
  layer.activation = activation;
  AlignedRows<Y> y(x.rows(), layer.out);
  parallel_parts(threads, x.rows(), kPart, [&](std::size_t first, std::size_t count) {
    kernel(layer, x.row(first), x.stride(), y.row(first), y.stride(), count);
  });
  return y;
}

class FloatLayer {
 public:
  // Fails if the kernels cannot run f32 layers.
  FloatLayer(const DenseWeights& layer, const Kernels& kernels);

  // Outputs before the activation.
  AlignedRows<float> outputs(const AlignedRows<float>& x, unsigned threads) const {
    return run_layer<float>(layer_.dense(), Activation::kIdentity, kernel_, x, threads);
  }

 private:
  F32Layer layer_;
  DenseFn kernel_;
};

class IntegerLayer {
 public:
  // Fails if the kernels cannot run s8 layers.
  //   hidden  the activation of the model's hidden layers
  IntegerLayer(const QuantizedLayer& layer, Layer index, Activation hidden, const Kernels& kernels);

  // Of u8 inputs.
  std::int32_t greatest_input() const { return picovae::greatest_input(layer_.dense()); }

  // Outputs before the activation, fixed-point. x: u8 in 0..greatest_input(), or s16 latents.
  template <typename X>
  AlignedRows<std::int16_t> outputs(const AlignedRows<X>& x, unsigned threads) const {
    return run_layer<std::int16_t>(layer_.dense(), Activation::kIdentity, kernel_, x, threads);
  }

  // Activations, the inputs of the next layer; of a hidden layer.
  template <typename X>
  AlignedRows<std::uint8_t> activations(const AlignedRows<X>& x, unsigned threads) const {
    return run_layer<std::uint8_t>(layer_.dense(), layer_.activation, kernel_, x, threads);
  }

 private:
  S8Layer layer_;
  DenseFn kernel_;
};

// Those columns of a matrix that a mask has; all if it is empty.
template <typename T>
AlignedRows<T> live_columns(const AlignedRows<T>& all, const std::vector<std::uint8_t>& mask) {
  if (mask.empty()) return all;
  AlignedRows<T> live(all.rows(), mask.size() - LiveMasks::dead(mask));
  for (std::size_t row = 0; row < all.rows(); ++row) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] != 0) live.row(row)[to++] = all.row(row)[i];
    }
  }
  return live;
}

// outputs -> activations of a hidden float layer, in place; padding too.
void apply_hidden(AlignedRows<float>& outputs, Activation hidden, const Kernels& kernels);

}  // namespace picovae::tools
