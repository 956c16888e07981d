// The loss of a minibatch and its gradient. Of the negative ELBO (Kingma and Welling 2013, equation
// 10; the other losses: objective.hpp):
//   loss = 1/images sum over images of (1/samples sum over samples of reconstruction + beta KL).
// Work on images is independent of one another, and so is work on rows of a layer's weights: each
// number is computed in the same order whatever the split.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "host/product.hpp"
#include "picovae/kernels.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/vector_ops.hpp"
#include "tools/train/centering.hpp"
#include "tools/train/objective.hpp"
#include "tools/train/parameters.hpp"
#include "tools/train/rotation.hpp"

namespace picovae::tools {

// The form in which the parameters are written; the plain one by default. All of it is the
// caller's and outlives the Backpropagation; contents of rotations may change between runs.
struct Form {
  Activation activation = Activation::kSoftplus;  // of hidden layers
  const Centering* centering = nullptr;
  std::array<const Rotation*, kLayerCount> rotations{};  // of layers above hidden ones, or null
};

struct ImageLoss {
  double reconstruction = 0;  // mean over samples, nats
  double kl = 0;              // nats, without beta
  double loss = 0;            // what is minimized
};

class Backpropagation {
 public:
  // Takes all memory for minibatches of up to `capacity` images of objective.samples each.
  Backpropagation(const Plan& plan, std::size_t capacity, const Objective& objective,
                  const Kernels& kernels, const Form& form = {});

  // The weight of the KL from the next forward() on.
  void set_beta(float beta) { objective_.beta = beta; }

  // z drawn for each image from the next minibatch on: 1 to those of the constructor.
  void set_samples(std::size_t samples) { objective_.samples = samples; }
  std::size_t samples() const { return objective_.samples; }

  // What a caller fills in before forward(): pixels [plan pixels] in [0, 1] of an image of the
  // minibatch, and eps [latent] of each of its samples, noise_stride() apart.
  float* pixels(std::size_t image) {
    return pixels_.data() + image * plan_.layers[kEncoder0].input_stride;
  }
  float* noise(std::size_t image, std::size_t sample) {
    return noise_.data() + (image * objective_.samples + sample) * plan_.latent_width;
  }
  std::size_t noise_stride() const { return plan_.latent_width; }

  // For images [first, last) of a minibatch of `images`: forward to their losses and the gradient
  // by their logits; backward from there to the gradient by each layer's sums.
  void forward(const Parameters& parameters, std::size_t first, std::size_t last,
               std::size_t images);
  void backward(const Parameters& parameters, std::size_t first, std::size_t last,
                std::size_t images);

  // Inputs of a layer above a hidden one after forward(), before its rotation: rows of
  // hidden_stride().
  const float* hidden(std::size_t layer) const {
    return form_.rotations[layer] != nullptr ? hidden_[layer].data() : inputs_[layer].data();
  }
  std::size_t hidden_stride(std::size_t layer) const {
    return form_.rotations[layer] != nullptr
               ? plan_.layers[layer_before(plan_.dimensions, layer)].width
               : plan_.layers[layer].input_stride;
  }

  // The loss of each image of the minibatch, after forward().
  const ImageLoss& loss(std::size_t image) const { return losses_[image]; }

  // The gradient by rows [first, last) of a layer's weights (LayerPlan), after backward() for all
  // of the minibatch's images; gradient [last - first][width] out.
  void weight_gradient(std::size_t layer, std::size_t first, std::size_t last, std::size_t images,
                       float* gradient) const;

 private:
  struct Rows {
    std::size_t first, count;
  };

  float* input(std::size_t layer, std::size_t row) {
    return inputs_[layer].data() + row * plan_.layers[layer].input_stride;
  }
  float* delta(std::size_t layer, std::size_t row) {
    return deltas_[layer].data() + row * plan_.layers[layer].width;
  }
  float* hidden(std::size_t layer, std::size_t row) {
    auto& buffers = form_.rotations[layer] != nullptr ? hidden_ : inputs_;
    return buffers[layer].data() + row * hidden_stride(layer);
  }
  float* heads(std::size_t image) { return heads_.data() + image * 2 * plan_.latent_width; }
  float* dz(std::size_t row) { return dz_.data() + row * plan_.latent_width; }
  Posterior posterior(std::size_t image) {
    const std::size_t width = plan_.latent_width;
    return {heads(image), heads(image) + width, sigma_.data() + image * width, width};
  }

  void center_pixels(Rows images);
  void sums(const Parameters& parameters, std::size_t layer, Rows rows, float* to,
            std::size_t to_stride);
  void hidden_layer(const Parameters& parameters, std::size_t layer, Rows rows);
  void sample_latents(Rows images);
  void reconstruction(Rows images, float image_weight);
  void input_gradient(const Parameters& parameters, std::size_t layer, Rows rows, float* to);
  void hidden_gradient(const Parameters& parameters, std::size_t layer, Rows rows);
  void importance_weighted_loss(Rows images, float image_weight);
  void posterior_gradient(Rows images, float image_weight);
  void add_weighted_prior(std::size_t image, float image_weight);

  Plan plan_;
  Objective objective_;
  ProductFn product_;
  const VectorOps& ops_;
  decltype(VectorOps::softplus) activate_;
  decltype(VectorOps::softplus_backward) activate_backward_;
  Form form_;
  bool dark_inputs_;  // many inputs of the encoder are zero
  float hidden_center_;

  AlignedFloats pixels_;  // [image][input_stride]

  // A layer's inputs [row][input_stride], with a one behind them; rows are images in the encoder,
  // images x samples in the decoder. Its deltas [row][width]: gradients by the sums that it
  // computes.
  std::array<AlignedFloats, kLayerCount> inputs_;
  std::array<AlignedFloats, kLayerCount> deltas_;
  // Where a layer's inputs are rotated: what they are rotated from, and the gradients by what they
  // became, [row][width of the layer below].
  std::array<AlignedFloats, kLayerCount> hidden_;
  std::array<AlignedFloats, kLayerCount> rotated_deltas_;
  AlignedFloats heads_;          // [image][2 * latent_width]: mu, then logvar
  AlignedFloats sigma_;          // [image][latent_width]
  AlignedFloats noise_;          // [image * samples][latent_width]
  AlignedFloats dz_;             // the same
  std::vector<double> weights_;  // [image][samples], normalized, if the bound has any
  std::vector<ImageLoss> losses_;
};

}  // namespace picovae::tools
