// What training changes: the weights of all layers in one buffer, laid out for the three products
// of a step (forward X W, input gradient dY W^T, weight gradient X^T dY).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

// One layer as a matrix [in + 1][width]: a row for each input, and the bias as the row of one more
// input that is always 1. Rows are padded to `width` columns; the padding is and stays zero, as its
// gradients are. The heads' columns are mu, padding, logvar, padding, each half latent_width wide.
struct LayerPlan {
  std::size_t in, out;
  std::size_t width;         // columns of a row, and of the layer's outputs: a multiple of 16
  std::size_t input_stride;  // columns of the layer's inputs: room for `in` and the one
  std::size_t offset;        // floats before the layer's first row

  std::size_t rows() const { return in + 1; }
};

// The plan of all layers, in the order of picovae::Layer.
struct Plan {
  explicit Plan(Dimensions d);

  std::size_t widest() const;  // the largest width of a layer

  Dimensions dimensions;
  std::size_t latent_width;  // latents padded to a multiple of 16
  std::array<LayerPlan, kLayerCount> layers;
  std::size_t size = 0;  // floats of all layers
};

// Rows of a layer that one thread works on at a time. There are few enough that their gradients
// stay in its cache until they are used.
inline constexpr std::size_t kBlockRows = 48;

struct RowBlock {
  std::size_t layer, first, last;  // rows [first, last) of the layer
  std::size_t offset, size;        // of their floats among the plan's
};

// All rows of all layers; the largest blocks come first, so that threads finish together.
std::vector<RowBlock> row_blocks(const Plan& plan);

class Parameters {
 public:
  // Takes the values of `network`, which is of the plan's dimensions.
  Parameters(const Plan& plan, const Network& network);

  Network network() const;
  const Plan& plan() const { return plan_; }

  std::span<float> values() { return weights_; }  // of all layers
  std::span<const float> values() const { return weights_; }
  float* layer(std::size_t l) { return weights_.data() + plan_.layers[l].offset; }
  const float* layer(std::size_t l) const { return weights_.data() + plan_.layers[l].offset; }

 private:
  Plan plan_;
  AlignedFloats weights_;
};

// Weights before training: uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio 2010, equation 16);
// those of hidden layers with ReLU in +-sqrt(6 / in) (He et al. 2015, equation 10). Biases zero.
Network initial_network(Dimensions dimensions, std::uint64_t seed,
                        Activation hidden = Activation::kSoftplus);

}  // namespace picovae::tools
