// The gradient of every weight against central differences of the loss, which is written down here
// once more: straight from the paper, image by image, in double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "host/product.hpp"
#include "picovae/kernels.hpp"
#include "picovae/random.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/train/backpropagation.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

struct Example {
  Dimensions dimensions;
  std::size_t images;
  Objective objective;  // of which all samples are drawn
  Network network;
  std::vector<float> x;                   // [images][pixels]
  std::vector<float> eps;                 // [images][samples][latent]
  Centering centering = no_centering(0);  // of no size: none
  std::vector<Rotation> rotations = {};   // none, or of kRotatedLayers
  std::size_t spare_samples = 0;          // that there is room for and that are not drawn
};

Form form_of(const Example& e) {
  Form form;
  form.activation = e.network.activation;
  if (e.centering.pixel_mean.size() > 0) form.centering = &e.centering;
  const auto layers = rotated_layers(e.dimensions);
  for (std::size_t i = 0; i < e.rotations.size(); ++i) form.rotations[layers[i]] = &e.rotations[i];
  return form;
}

float normal(Purpose purpose, std::size_t item) {
  std::int16_t value = 0;
  normals(11, purpose, 0, static_cast<std::uint32_t>(item), &value, 1);
  return static_cast<float>(value) / 1024;
}

// Logvars of latent 0 are far below the clamp and those of latent 1 far above: no gradient.
Example make_example(Dimensions dimensions, std::size_t images, const Objective& objective,
                     Activation hidden = Activation::kSoftplus) {
  Example e{dimensions, images, objective, initial_network(dimensions, 5, hidden), {}, {}};
  for (const NetworkLayer& layer : kNetworkLayers) {
    auto& bias = (e.network.*layer.weights).bias;
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 0.3f * normal(Purpose::kPrior, i);
  }
  // z of latent 1 are large; no pixel may be 0 or 1 for the logarithms of Reference.
  if (is_relu(hidden)) {
    for (float& weight : e.network.decoder2.weight) weight *= 0.1f;
  }
  e.network.logvar.bias[0] = -30;
  e.network.logvar.bias[1] = 20;
  for (std::size_t i = 0; i < images * dimensions.pixels; ++i) {
    e.x.push_back(std::clamp(0.5f + 0.5f * normal(Purpose::kBinarize, i), 0.0f, 1.0f));
  }
  for (std::size_t i = 0; i < images * objective.samples * dimensions.latent; ++i) {
    e.eps.push_back(normal(Purpose::kTraining, i));
  }
  return e;
}

// The same in a centered and rotated form, whose axes are those of random inputs.
Example in_another_form(Example e) {
  e.centering = {AlignedFloats(round_up(e.dimensions.pixels, kPerLine<float>)), 2, 0.7f};
  for (std::size_t i = 0; i < e.dimensions.pixels; ++i) {
    e.centering.pixel_mean.data()[i] = 0.1f + 0.02f * static_cast<float>(i);
  }
  const auto sizes = layer_sizes(e.dimensions);
  for (const Layer layer : rotated_layers(e.dimensions)) {
    Rotation& rotation = e.rotations.emplace_back(sizes[layer].in);
    AlignedFloats h(40 * rotation.stride);
    AlignedFloats scratch(rotation.in * rotation.stride);
    for (std::size_t row = 0; row < 40; ++row) {
      for (std::size_t i = 0; i < rotation.in; ++i) {
        h.data()[row * rotation.stride + i] = normal(Purpose::kUserDefined, row * 100 + i);
      }
    }
    observe(rotation, h.data(), rotation.stride, 40, 0, rotation.in, product_for(Isa::kScalar),
            scratch.data());
    RotationChange change(rotation);
    renew(rotation, change, product_for(Isa::kScalar));
  }
  return e;
}

// A network's values in double precision, in the order of kNetworkLayers: weights, then biases.
using Values = std::vector<double>;

Values values_of(const Network& network) {
  Values values;
  for (const NetworkLayer& layer : kNetworkLayers) {
    const DenseWeights& dense = network.*layer.weights;
    values.insert(values.end(), dense.weight.begin(), dense.weight.end());
    values.insert(values.end(), dense.bias.begin(), dense.bias.end());
  }
  return values;
}

struct Loss {
  double reconstruction = 0, kl = 0, total = 0;  // means over images
  double bound = 0, deck_kl = 0;
};

double log_normal(double z, double mean, double variance) {
  return -0.5 * (std::log(2 * std::numbers::pi * variance) + (z - mean) * (z - mean) / variance);
}

double log_mean_exp(const Values& values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += std::exp(v - largest);
  return largest + std::log(sum / static_cast<double>(values.size()));
}

class Reference {
 public:
  explicit Reference(const Example& example) : example_(example) {}

  Loss loss(const Values& values) const {
    const std::size_t pixels = example_.dimensions.pixels;
    const std::size_t latent = example_.dimensions.latent;
    const std::size_t samples = example_.objective.samples;
    Loss loss;
    for (std::size_t image = 0; image < example_.images; ++image) {
      const float* x = &example_.x[image * pixels];
      const bool both = example_.dimensions.hidden2 != 0;
      Values h = hidden(both ? kEncoder1 : kEncoderHeads,
                        dense(values, 0, centered(Values(x, x + pixels))));
      if (both) h = hidden(kEncoderHeads, dense(values, 1, h));
      const Values mu = dense(values, 2, h);
      Values logvar = dense(values, 3, h);
      for (std::size_t k = 0; k < latent; ++k) {
        logvar[k] = std::clamp<double>(logvar[k], kLowestLogvar, kHighestLogvar);
        loss.kl -= 0.5 * (1 + logvar[k] - mu[k] * mu[k] - std::exp(logvar[k]));
      }
      Values log_weights;
      for (std::size_t s = 0; s < samples; ++s) {
        double log_ratio = 0;  // log p(z) - log q(z|x), written with both normal densities
        double cross_entropy = 0;
        Values z(latent);
        for (std::size_t k = 0; k < latent; ++k) {
          z[k] =
              mu[k] + std::exp(0.5 * logvar[k]) * example_.eps[(image * samples + s) * latent + k];
          log_ratio += log_normal(z[k], 0, 1) - log_normal(z[k], mu[k], std::exp(logvar[k]));
        }
        h = hidden(both ? kDecoder1 : kDecoder2, dense(values, 4, z));
        if (both) h = hidden(kDecoder2, dense(values, 5, h));
        const Values logits = dense(values, 6, h);
        for (std::size_t p = 0; p < pixels; ++p) {
          const double y = 1 / (1 + std::exp(-logits[p]));
          cross_entropy -= x[p] * std::log(y) + (1 - x[p]) * std::log(1 - y);
        }
        loss.reconstruction += cross_entropy / static_cast<double>(samples);
        log_weights.push_back(log_ratio - cross_entropy);
      }
      loss.bound -= log_mean_exp(log_weights);
      for (std::size_t k = 0; k < latent; ++k) {
        loss.deck_kl -= 0.5 * (1 + logvar[k] - mu[k] * mu[k] - std::exp(0.5 * logvar[k]));
      }
    }
    loss.reconstruction /= static_cast<double>(example_.images);
    loss.kl /= static_cast<double>(example_.images);
    loss.deck_kl /= static_cast<double>(example_.images);
    switch (example_.objective.bound) {
      case Bound::kElbo:
        loss.total = loss.reconstruction + example_.objective.beta * loss.kl;
        break;
      case Bound::kImportanceWeighted:
        loss.total = loss.bound / static_cast<double>(example_.images);
        break;
      case Bound::kDeck:
        loss.total = loss.reconstruction + loss.deck_kl;
        break;
    }
    return loss;
  }

 private:
  // Layer `index` of kNetworkLayers.
  Values dense(const Values& values, std::size_t index, const Values& in) const {
    std::size_t at = 0;
    for (std::size_t l = 0; l < index; ++l) at += size_of(l);
    const std::size_t out = (example_.network.*kNetworkLayers[index].weights).out;
    Values sums(values.begin() + static_cast<std::ptrdiff_t>(at + out * in.size()),
                values.begin() + static_cast<std::ptrdiff_t>(at + out * in.size() + out));
    for (std::size_t o = 0; o < out; ++o) {
      for (std::size_t i = 0; i < in.size(); ++i) sums[o] += values[at + o * in.size() + i] * in[i];
    }
    return sums;
  }

  std::size_t size_of(std::size_t index) const {
    const DenseWeights& dense = example_.network.*kNetworkLayers[index].weights;
    return dense.weight.size() + dense.bias.size();
  }

  Values centered(Values v) const {
    const Centering& centering = example_.centering;
    if (centering.pixel_mean.size() == 0) return v;
    for (std::size_t i = 0; i < v.size(); ++i) {
      v[i] = (v[i] - centering.pixel_mean.data()[i]) * centering.pixel_scale;
    }
    return v;
  }

  // The inputs of `layer` from the sums of the hidden one below.
  Values hidden(Layer layer, const Values& sums) const {
    Values v;
    const bool relu = is_relu(example_.network.activation);
    for (const double a : sums) {
      v.push_back((relu ? std::fmax(a, 0) : std::log1p(std::exp(a))) - example_.centering.hidden);
    }
    if (example_.rotations.empty()) return v;
    const auto rotated = rotated_layers(example_.dimensions);
    const auto which = std::find(rotated.begin(), rotated.end(), layer) - rotated.begin();
    const Rotation& rotation = example_.rotations[static_cast<std::size_t>(which)];
    Values turned(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) {
      for (std::size_t j = 0; j < v.size(); ++j) {
        turned[j] += v[i] * rotation.matrix.data()[i * rotation.stride + j];
      }
    }
    return turned;
  }

  const Example& example_;
};

struct Result {
  Loss loss;
  Network gradient;    // d loss / d weight in the weights' places
  double padding = 0;  // largest gradient of what is no weight
};

Result backpropagate(const Example& e, const Kernels& kernels) {
  const Plan plan(e.dimensions);
  const std::size_t latent = e.dimensions.latent;
  const std::size_t samples = e.objective.samples;
  Objective largest = e.objective;
  largest.samples += e.spare_samples;
  Backpropagation pass(plan, e.images, largest, kernels, form_of(e));
  pass.set_samples(samples);
  for (std::size_t i = 0; i < e.images; ++i) {
    std::copy_n(&e.x[i * e.dimensions.pixels], e.dimensions.pixels, pass.pixels(i));
    for (std::size_t s = 0; s < samples; ++s) {
      std::copy_n(&e.eps[(i * samples + s) * latent], latent, pass.noise(i, s));
    }
  }
  const Parameters parameters(plan, e.network);
  pass.forward(parameters, 0, 2, e.images);
  pass.backward(parameters, 0, 2, e.images);  // in two parts, as two threads would
  pass.forward(parameters, 2, e.images, e.images);
  pass.backward(parameters, 2, e.images, e.images);

  Parameters gradient(plan, e.network);
  Result result;
  double everything = 0;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    if (!has_layer(e.dimensions, l)) continue;
    const std::size_t rows = plan.layers[l].rows();
    float* to = gradient.layer(l);
    pass.weight_gradient(l, 0, 3, e.images, to);
    pass.weight_gradient(l, 3, rows, e.images, to + 3 * plan.layers[l].width);
    for (std::size_t i = 0; i < rows * plan.layers[l].width; ++i) everything += std::fabs(to[i]);
  }
  result.gradient = gradient.network();
  for (const double g : values_of(result.gradient)) everything -= std::fabs(g);
  result.padding = std::fabs(everything);
  for (std::size_t i = 0; i < e.images; ++i) {
    result.loss.reconstruction += pass.loss(i).reconstruction / static_cast<double>(e.images);
    result.loss.kl += pass.loss(i).kl / static_cast<double>(e.images);
    result.loss.total += pass.loss(i).loss / static_cast<double>(e.images);
  }
  return result;
}

// d loss / d value for each of `values`.
Values central_differences(const Reference& reference, Values values) {
  constexpr double kStep = 1e-5;
  Values differences;
  for (double& v : values) {
    const double value = v;
    v = value + kStep;
    const double above = reference.loss(values).total;
    v = value - kStep;
    const double below = reference.loss(values).total;
    v = value;
    differences.push_back((above - below) / (2 * kStep));
  }
  return differences;
}

// Checks every value of every tensor, with all kernels; the error is a share of the largest.
void check_gradients(const Example& e, double error = 3e-6) {
  const Reference reference(e);
  const Values values = values_of(e.network);
  const Loss expected = reference.loss(values);
  const Values differences = central_differences(reference, values);
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(kernels->name);
    const Result result = backpropagate(e, *kernels);
    CHECK(result.loss.reconstruction == doctest::Approx(expected.reconstruction).epsilon(1e-6));
    CHECK(result.loss.kl == doctest::Approx(expected.kl).epsilon(1e-6));
    CHECK(result.loss.total == doctest::Approx(expected.total).epsilon(1e-6));
    CHECK(result.padding < 1e-9);

    std::size_t at = 0;
    for (const NetworkLayer& layer : kNetworkLayers) {
      if ((e.network.*layer.weights).out == 0) continue;
      for (const auto* tensor :
           {&(result.gradient.*layer.weights).weight, &(result.gradient.*layer.weights).bias}) {
        double largest = 0;
        double worst = 0;
        for (const float gradient : *tensor) {
          const double difference = differences[at++];
          largest = std::max(largest, std::fabs(difference));
          worst = std::max(worst, std::fabs(gradient - difference));
        }
        INFO(layer.name, tensor->size(), " values, largest gradient ", largest);
        CHECK(largest > 1e-3);
        CHECK(worst < error * largest);
      }
    }
  }
}

TEST_CASE("gradients of every tensor agree with central differences") {
  for (const std::size_t samples : {std::size_t{1}, std::size_t{2}}) {
    for (const float beta : {1.0f, 0.5f}) {
      CAPTURE(samples);
      CAPTURE(beta);
      check_gradients(make_example({20, 7, 6, 3}, 5, {samples, beta}));
    }
  }
}

TEST_CASE("gradients of ReLU agree with central differences, in every form") {
  constexpr double kError = 1e-5;
  for (const std::size_t samples : {std::size_t{1}, std::size_t{2}}) {
    CAPTURE(samples);
    const Objective objective{samples, 1.0f};
    check_gradients(make_example({20, 7, 6, 3}, 5, objective, Activation::kRelu));
    check_gradients(make_example({12, 35, 33, 5}, 3, objective, Activation::kRelu));
    check_gradients(in_another_form(make_example({20, 7, 6, 3}, 5, objective, Activation::kRelu)),
                    kError);
    check_gradients(in_another_form(make_example({12, 35, 33, 5}, 3, objective, Activation::kRelu)),
                    kError);
  }
}

TEST_CASE("gradients of a network of one hidden layer agree with central differences") {
  constexpr double kError = 1e-5;
  for (const Activation hidden : {Activation::kSoftplus, Activation::kRelu}) {
    check_gradients(make_example({20, 7, 0, 3}, 5, {2, 1.0f}, hidden), kError);
    check_gradients(in_another_form(make_example({20, 7, 0, 3}, 5, {2, 1.0f}, hidden)), kError);
    check_gradients(in_another_form(make_example({12, 35, 0, 5}, 3, {1, 1.0f}, hidden)), kError);
  }
}

TEST_CASE("gradients are right if fewer samples are drawn than there is room for") {
  constexpr double kError = 1e-5;
  for (const std::size_t samples : {std::size_t{1}, std::size_t{3}}) {
    CAPTURE(samples);
    Example e = in_another_form(make_example({20, 7, 6, 3}, 5, {samples, 1.0f, false}));
    e.spare_samples = 2;
    check_gradients(e, kError);
  }
}

TEST_CASE("gradients are right where no width needs padding, and where one spans panels") {
  check_gradients(make_example({32, 16, 16, 16}, 3, {1, 1.0f}));
  check_gradients(make_example({12, 35, 33, 5}, 3, {1, 1.0f}));
}

TEST_CASE("gradients of the centered and rotated form agree with central differences") {
  constexpr double kError = 1e-5;  // two more f32 products a layer
  check_gradients(in_another_form(make_example({20, 7, 6, 3}, 5, {2, 1.0f})), kError);
  check_gradients(in_another_form(make_example({32, 16, 16, 16}, 3, {1, 1.0f})), kError);
  check_gradients(in_another_form(make_example({12, 35, 33, 5}, 3, {1, 0.5f})), kError);
}

TEST_CASE("gradients of the importance-weighted bound agree with central differences") {
  for (const std::size_t samples : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    CAPTURE(samples);
    const Objective objective{.samples = samples, .bound = Bound::kImportanceWeighted};
    check_gradients(make_example({20, 7, 6, 3}, 5, objective));
    check_gradients(make_example({32, 16, 16, 16}, 3, objective));
    check_gradients(in_another_form(make_example({12, 35, 33, 5}, 3, objective)));
  }
}

TEST_CASE("gradients of the deck's loss agree with central differences") {
  const Objective objective{.samples = 2, .bound = Bound::kDeck};
  check_gradients(make_example({20, 7, 6, 3}, 5, objective));
  check_gradients(make_example({12, 35, 33, 5}, 3, objective));
}

TEST_CASE("a clamped log variance has no gradient") {
  for (const Bound bound : {Bound::kImportanceWeighted, Bound::kDeck}) {
    const Result other = backpropagate(
        make_example({20, 7, 6, 3}, 5, {.samples = 2, .bound = bound}), kScalarKernels);
    CHECK(other.gradient.logvar.bias[0] == 0);
    CHECK(other.gradient.logvar.bias[1] == 0);
  }
  const Result result = backpropagate(make_example({20, 7, 6, 3}, 5, {1, 1.0f}), kScalarKernels);
  CHECK(result.gradient.logvar.bias[0] == 0);
  CHECK(result.gradient.logvar.bias[1] == 0);
  CHECK(result.gradient.logvar.bias[2] != 0);
}

}  // namespace
