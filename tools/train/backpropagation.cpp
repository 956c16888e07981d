#include "tools/train/backpropagation.hpp"

#include <algorithm>
#include <span>

#include "tools/measure/elbo.hpp"

namespace picovae::tools {
namespace {

// Whether dark pixels are zero in the encoder's inputs as well. If their mean is subtracted, only
// those that no image lights are: a few, and looking for them costs as much as it saves.
bool has_dark_inputs(const Form& form) {
  if (form.centering == nullptr) return true;
  const AlignedFloats& mean = form.centering->pixel_mean;
  return std::all_of(mean.begin(), mean.end(), [](float m) { return m == 0; });
}

}  // namespace

Backpropagation::Backpropagation(const Plan& plan, std::size_t capacity, const Objective& objective,
                                 const Kernels& kernels, const Form& form)
    : plan_(plan),
      objective_(objective),
      product_(product_for(kernels.isa)),
      ops_(vector_ops(kernels.isa)),
      activate_(ops_.hidden(form.activation)),
      activate_backward_(ops_.hidden_backward(form.activation)),
      form_(form),
      dark_inputs_(has_dark_inputs(form)),
      hidden_center_(form.centering == nullptr ? 0 : form.centering->hidden),
      pixels_(capacity * plan.layers[kEncoder0].input_stride),
      heads_(capacity * 2 * plan.latent_width),
      sigma_(capacity * plan.latent_width),
      noise_(capacity * objective.samples * plan.latent_width),
      dz_(capacity * objective.samples * plan.latent_width),
      weights_(objective.bound == Bound::kImportanceWeighted ? capacity * objective.samples : 0),
      losses_(capacity) {
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    const LayerPlan& layer = plan_.layers[l];
    if (!has_layer(plan_.dimensions, l)) continue;
    const std::size_t rows = l < kDecoder0 ? capacity : capacity * objective_.samples;
    inputs_[l] = AlignedFloats(rows * layer.input_stride);
    deltas_[l] = AlignedFloats(rows * layer.width);
    for (std::size_t row = 0; row < rows; ++row) input(l, row)[layer.in] = 1;
    if (form_.rotations[l] != nullptr) {
      hidden_[l] = AlignedFloats(rows * plan_.layers[layer_before(plan_.dimensions, l)].width);
      rotated_deltas_[l] = AlignedFloats(hidden_[l].size());
    }
  }
}

void Backpropagation::forward(const Parameters& parameters, std::size_t first, std::size_t last,
                              std::size_t images) {
  const Rows encoder{first, last - first};
  const Rows decoder{first * objective_.samples, encoder.count * objective_.samples};

  center_pixels(encoder);
  hidden_layer(parameters, kEncoder0, encoder);
  if (has_layer(plan_.dimensions, kEncoder1)) hidden_layer(parameters, kEncoder1, encoder);
  sums(parameters, kEncoderHeads, encoder, heads(first), 2 * plan_.latent_width);
  sample_latents(encoder);
  hidden_layer(parameters, kDecoder0, decoder);
  if (has_layer(plan_.dimensions, kDecoder1)) hidden_layer(parameters, kDecoder1, decoder);
  sums(parameters, kDecoder2, decoder, delta(kDecoder2, decoder.first),
       plan_.layers[kDecoder2].width);
  const float image_weight = 1 / static_cast<float>(images);
  if (objective_.bound == Bound::kImportanceWeighted) {
    importance_weighted_loss(encoder, image_weight);
  } else {
    reconstruction(encoder, image_weight);
  }
}

void Backpropagation::backward(const Parameters& parameters, std::size_t first, std::size_t last,
                               std::size_t images) {
  const Rows encoder{first, last - first};
  const Rows decoder{first * objective_.samples, encoder.count * objective_.samples};
  hidden_gradient(parameters, kDecoder2, decoder);
  if (has_layer(plan_.dimensions, kDecoder1)) hidden_gradient(parameters, kDecoder1, decoder);
  input_gradient(parameters, kDecoder0, decoder, dz(decoder.first));
  posterior_gradient(encoder, 1 / static_cast<float>(images));
  hidden_gradient(parameters, kEncoderHeads, encoder);
  if (has_layer(plan_.dimensions, kEncoder1)) hidden_gradient(parameters, kEncoder1, encoder);
}

// The encoder's inputs.
void Backpropagation::center_pixels(Rows images) {
  const LayerPlan& plan = plan_.layers[kEncoder0];
  for (std::size_t i = images.first; i < images.first + images.count; ++i) {
    float* x = input(kEncoder0, i);
    if (form_.centering == nullptr) {
      std::copy_n(pixels(i), plan.in, x);
    } else {
      ops_.center_pixels(pixels(i), form_.centering->pixel_mean.data(),
                         form_.centering->pixel_scale, x, round_up(plan.in, kPerLine<float>));
      x[plan.in] = 1;  // padding may have covered it
    }
  }
}

// to = X W, biases included.
void Backpropagation::sums(const Parameters& parameters, std::size_t layer, Rows rows, float* to,
                           std::size_t to_stride) {
  const LayerPlan& plan = plan_.layers[layer];
  product_({.a = input(layer, rows.first),
            .a_row = plan.input_stride,
            .a_column = 1,
            .b = parameters.layer(layer),
            .b_row = plan.width,
            .c = to,
            .c_row = to_stride,
            .m = rows.count,
            .n = plan.width,
            .k = plan.rows(),
            .skip_zeros = dark_inputs_ && layer == kEncoder0});
}

// A hidden layer: its outputs are the next layer's inputs.
void Backpropagation::hidden_layer(const Parameters& parameters, std::size_t layer, Rows rows) {
  const LayerPlan& plan = plan_.layers[layer];
  const std::size_t next = layer_after(plan_.dimensions, layer);
  const Rotation* rotation = form_.rotations[next];
  const std::size_t input_stride = plan_.layers[next].input_stride;
  sums(parameters, layer, rows, hidden(next, rows.first), hidden_stride(next));
  for (std::size_t row = rows.first; row < rows.first + rows.count; ++row) {
    activate_(hidden(next, row), hidden_center_, plan.width);
  }
  if (rotation != nullptr && rotation->active()) {
    product_({.a = hidden(next, rows.first),
              .a_row = plan.width,
              .a_column = 1,
              .b = rotation->matrix.data(),
              .b_row = rotation->stride,
              .c = input(next, rows.first),
              .c_row = input_stride,
              .m = rows.count,
              .n = rotation->stride,
              .k = plan.out});
  }
  for (std::size_t row = rows.first; row < rows.first + rows.count; ++row) {
    if (rotation != nullptr && !rotation->active()) {
      std::copy_n(hidden(next, row), plan.out, input(next, row));
    }
    input(next, row)[plan.out] = 1;  // padding may have covered it
  }
}

// z of each sample, and the KL of each image.
void Backpropagation::sample_latents(Rows images) {
  const std::size_t latent = plan_.dimensions.latent;
  for (std::size_t i = images.first; i < images.first + images.count; ++i) {
    const Posterior q = posterior(i);
    losses_[i].kl = ops_.posterior(q);
    for (std::size_t s = 0; s < objective_.samples; ++s) {
      float* z = input(kDecoder0, i * objective_.samples + s);
      ops_.reparameterize(q, noise(i, s), z);
      z[latent] = 1;
    }
  }
}

// Logits -> their gradients, and the reconstruction loss of each image.
void Backpropagation::reconstruction(Rows images, float image_weight) {
  const std::size_t samples = objective_.samples;
  const float weight = image_weight / static_cast<float>(samples);
  for (std::size_t i = images.first; i < images.first + images.count; ++i) {
    double sum = 0;
    for (std::size_t s = 0; s < samples; ++s) {
      sum += ops_.cross_entropy(delta(kDecoder2, i * samples + s), pixels(i), weight,
                                plan_.dimensions.pixels);
    }
    losses_[i].reconstruction = sum / static_cast<double>(samples);
    const Posterior q = posterior(i);
    const std::size_t latent = plan_.dimensions.latent;
    const double kl = objective_.bound == Bound::kDeck
                          ? deck_kl({q.mu, latent}, {q.sigma, latent})
                          : static_cast<double>(objective_.beta) * losses_[i].kl;
    losses_[i].loss = losses_[i].reconstruction + kl;
  }
}

// The same for the importance-weighted bound: the gradient of each sample counts by its weight.
void Backpropagation::importance_weighted_loss(Rows images, float image_weight) {
  const std::size_t samples = objective_.samples;
  const std::size_t latent = plan_.dimensions.latent;
  for (std::size_t i = images.first; i < images.first + images.count; ++i) {
    const std::span weights{weights_.data() + i * samples, samples};
    double sum = 0;
    for (std::size_t s = 0; s < samples; ++s) {
      const std::size_t row = i * samples + s;
      const double entropy = ops_.cross_entropy(delta(kDecoder2, row), pixels(i), image_weight,
                                                plan_.dimensions.pixels);
      sum += entropy;
      weights[s] = log_density_ratio({input(kDecoder0, row), latent}, {noise(i, s), latent},
                                     {posterior(i).sigma, latent}) -
                   entropy;
    }
    losses_[i].reconstruction = sum / static_cast<double>(samples);
    losses_[i].loss = -normalize_weights(weights);
    for (std::size_t s = 0; s < samples; ++s) {
      float* gradient = delta(kDecoder2, i * samples + s);
      const auto weight = static_cast<float>(weights[s]);
      for (std::size_t p = 0; p < plan_.dimensions.pixels; ++p) gradient[p] *= weight;
    }
  }
}

// to = dY W^T, padding included.
void Backpropagation::input_gradient(const Parameters& parameters, std::size_t layer, Rows rows,
                                     float* to) {
  const LayerPlan& plan = plan_.layers[layer];
  product_({.a = delta(layer, rows.first),
            .a_row = plan.width,
            .a_column = 1,
            .b = parameters.layer(layer),
            .b_row = 1,
            .b_column = plan.width,
            .c = to,
            .c_row = round_up(plan.in, kPerLine<float>),
            .m = rows.count,
            .n = plan.in,
            .k = plan.out});
}

// The deltas of the layer below, which is a hidden one.
void Backpropagation::hidden_gradient(const Parameters& parameters, std::size_t layer, Rows rows) {
  const std::size_t below = layer_before(plan_.dimensions, layer);
  const std::size_t width = plan_.layers[below].width;
  const Rotation* rotation = form_.rotations[layer];
  if (rotation != nullptr && rotation->active()) {
    float* rotated = rotated_deltas_[layer].data() + rows.first * width;
    input_gradient(parameters, layer, rows, rotated);
    product_({.a = rotated,
              .a_row = width,
              .a_column = 1,
              .b = rotation->transposed.data(),
              .b_row = rotation->stride,
              .c = delta(below, rows.first),
              .c_row = width,
              .m = rows.count,
              .n = width,
              .k = rotation->in});
  } else {
    input_gradient(parameters, layer, rows, delta(below, rows.first));
  }
  for (std::size_t row = rows.first; row < rows.first + rows.count; ++row) {
    activate_backward_(delta(below, row), hidden(layer, row), hidden_center_, width);
  }
}

// To dz of the image's samples: of -log p(z), by its weight.
void Backpropagation::add_weighted_prior(std::size_t image, float image_weight) {
  for (std::size_t s = 0; s < objective_.samples; ++s) {
    const std::size_t row = image * objective_.samples + s;
    const auto weight = static_cast<float>(weights_[row]) * image_weight;
    const float* z = input(kDecoder0, row);
    for (std::size_t k = 0; k < plan_.dimensions.latent; ++k) dz(row)[k] += weight * z[k];
  }
}

// dz -> the deltas of the heads.
void Backpropagation::posterior_gradient(Rows images, float image_weight) {
  const std::size_t width = plan_.latent_width;
  const bool weighted = objective_.bound == Bound::kImportanceWeighted;
  for (std::size_t i = images.first; i < images.first + images.count; ++i) {
    const Posterior q = posterior(i);
    float* dmu = delta(kEncoderHeads, i);
    float* dlogvar = dmu + width;
    if (weighted) add_weighted_prior(i, image_weight);
    ops_.posterior_backward(q, {.dz = dz(i * objective_.samples),
                                .eps = noise(i, 0),
                                .stride = width,
                                .samples = objective_.samples,
                                .kl_weight = weighted ? 0 : objective_.beta * image_weight,
                                .sticking = objective_.sticking,
                                .dmu = dmu,
                                .dlogvar = dlogvar});
    if (objective_.bound == Bound::kElbo) continue;
    for (std::size_t k = 0; k < plan_.dimensions.latent; ++k) {
      if (q.logvar[k] < kLowestLogvar || q.logvar[k] > kHighestLogvar) continue;
      const float sigma = q.sigma[k];
      // Of log q(z|x), which for given eps is -log sigma; or the deck's sigma in place of sigma^2.
      const float by_logvar = weighted ? -0.5f : 0.5f * (0.5f * sigma - sigma * sigma);
      dlogvar[k] += image_weight * by_logvar;
    }
  }
}

void Backpropagation::weight_gradient(std::size_t layer, std::size_t first, std::size_t last,
                                      std::size_t images, float* gradient) const {
  const LayerPlan& plan = plan_.layers[layer];
  product_({.a = inputs_[layer].data() + first,
            .a_row = 1,
            .a_column = plan.input_stride,
            .b = deltas_[layer].data(),
            .b_row = plan.width,
            .c = gradient,
            .c_row = plan.width,
            .m = last - first,
            .n = plan.width,
            .k = layer < kDecoder0 ? images : images * objective_.samples,
            .skip_zeros = dark_inputs_ && layer == kEncoder0});
}

}  // namespace picovae::tools
