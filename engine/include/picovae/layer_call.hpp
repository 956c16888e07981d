// One call of a layer, and who makes it. The engine starts no thread; a host that has several may
// run parts of a layer on each, to the same bits: a part is a layer of its own.
#pragma once

#include <cstddef>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "picovae/shape.hpp"

namespace picovae {

// A layer with the arguments of its DenseFn, which say what the members are.
struct LayerCall {
  DenseFn dense;
  Type type;
  const Dense& layer;
  const void* x;
  std::size_t x_stride;
  void* y;
  std::size_t y_stride;
  std::size_t rows;

  PICOVAE_FOLDED void run() const { dense(layer, x, x_stride, y, y_stride, rows); }

  // The layer's panels of kPanel outputs. Layout::kHost alone, here and below.
  std::size_t panels() const { return (layer.out + kPanel - 1) / kPanel; }

  // Runs panels first .. last - 1 of them, at least one. Parts that do not overlap may run at once.
  void run_panels(std::size_t first, std::size_t last) const {
    const std::size_t skipped = first * kPanel;
    const std::size_t end = last * kPanel < layer.out ? last * kPanel : layer.out;
    const std::size_t halves = type == Type::kS8 ? halves_of_output(Layout::kHost, layer)
                                                 : 2 * weight_size(type) * layer.in;
    Dense part = layer;
    part.out = static_cast<std::uint16_t>(end - skipped);
    part.weights = static_cast<const std::byte*>(layer.weights) + skipped * halves / 2;
    part.bias = static_cast<const std::byte*>(layer.bias) + skipped * sizeof(std::int32_t);
    if (layer.multiplier != nullptr) part.multiplier += skipped;
    if (layer.rescale != nullptr) part.rescale += skipped;
    dense(part, x, x_stride, static_cast<std::byte*>(y) + skipped * output_size(), y_stride, rows);
  }

 private:
  // Bytes of an element of y.
  std::size_t output_size() const {
    if (type != Type::kS8) return sizeof(float);
    return layer.activation == Activation::kIdentity ? sizeof(std::int16_t) : 1;
  }
};

// Who runs the layers of a Forward: a function object that takes a LayerCall and returns when all
// of y is written. This one is the thread that calls the Forward, and costs nothing.
struct CallingThread {
  PICOVAE_FOLDED void operator()(const LayerCall& call) const { call.run(); }
};

}  // namespace picovae
