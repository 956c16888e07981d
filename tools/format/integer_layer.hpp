// A quantized layer that runs by itself, before there is a blob: calibration goes through the very
// kernels that the model will run on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"
#include "tools/format/blob_bytes.hpp"
#include "tools/format/quantized_network.hpp"

namespace picovae::tools {

class IntegerLayer {
 public:
  // Fails where the kernels cannot run s8 layers.
  IntegerLayer(const QuantizedLayer& layer, Layer index, const Kernels& kernels);

  // Activations for the next layer. x [rows][in]: u8 in 0..127, or s16 latents.
  template <typename X>
  AlignedRows<std::uint8_t> softplus(const AlignedRows<X>& x, unsigned threads) const {
    return run<std::uint8_t>(x, Activation::kSoftplus, threads);
  }

  // Pixels of the last layer.
  template <typename X>
  AlignedRows<std::uint8_t> sigmoid(const AlignedRows<X>& x, unsigned threads) const {
    return run<std::uint8_t>(x, Activation::kSigmoid, threads);
  }

  // Outputs before the activation, fixed-point.
  template <typename X>
  AlignedRows<std::int16_t> outputs(const AlignedRows<X>& x, unsigned threads) const {
    return run<std::int16_t>(x, Activation::kIdentity, threads);
  }

 private:
  static constexpr std::size_t kPart = 200;  // rows that a thread takes at a time

  template <typename Y, typename X>
  AlignedRows<Y> run(const AlignedRows<X>& x, Activation activation, unsigned threads) const {
    Dense layer = dense_;
    layer.activation = activation;
    AlignedRows<Y> y(x.rows(), layer.out);
    parallel_for(threads, (x.rows() + kPart - 1) / kPart, [&](std::size_t part) {
      const std::size_t first = part * kPart;
      function_(layer, x.row(first), x.stride(), y.row(first), y.stride(),
                std::min(kPart, x.rows() - first));
    });
    return y;
  }

  BlobBytes weights_, bias_, multiplier_, rescale_;
  Dense dense_{};
  DenseFn function_;
};

}  // namespace picovae::tools
