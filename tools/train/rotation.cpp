#include "tools/train/rotation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "picovae/shape.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/eigenvectors.hpp"
#include "tools/train/training_state.hpp"

namespace picovae::tools {
namespace {

constexpr float kObservationRate = 0.05f;  // of the running mean, for each minibatch observed
constexpr double kDamping = 0.01;          // share of the mean variance that is added to each

// The first renewal comes as soon as there is a mean, the others rarely: each takes as long as a
// dozen steps.
constexpr std::uint64_t kObserveEvery = 10;
constexpr std::uint64_t kFirstRenewal = 100;
constexpr std::uint64_t kRenewEvery = 250;

// s of each variance, so that the scaled inputs have the same total variance.
std::vector<float> scales_of(const std::vector<double>& variances) {
  double total = 0;
  for (const double v : variances) total += v;
  const double added = kDamping * total / static_cast<double>(variances.size());
  std::vector<double> scales(variances.size());
  double scaled = 0;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    scales[i] = 1 / std::sqrt(std::sqrt(variances[i] + added));
    scaled += variances[i] * scales[i] * scales[i];
  }
  const double common = std::sqrt(total / scaled);
  std::vector<float> floats(scales.size());
  std::transform(scales.begin(), scales.end(), floats.begin(),
                 [&](double s) { return static_cast<float>(s * common); });
  return floats;
}

// to = transposed(from), both [in][stride]; padding is left as it is.
void transpose(const float* from, std::size_t in, std::size_t stride, float* to) {
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t j = 0; j < in; ++j) to[j * stride + i] = from[i * stride + j];
  }
}

}  // namespace

std::vector<Layer> rotated_layers(Dimensions d) {
  std::vector<Layer> layers;
  for (const Layer layer : kRotatedLayers) {
    if (has_layer(d, layer)) layers.push_back(layer);
  }
  return layers;
}

Rotation::Rotation(std::size_t inputs)
    : in(inputs),
      stride(round_up(inputs, kPerLine<float>)),
      second_moment(in * stride),
      scales(in),
      axes(in * stride),
      matrix(in * stride),
      transposed(in * stride) {}

RotationChange::RotationChange(const Rotation& rotation)
    : weight(rotation.in * rotation.stride),
      mean(rotation.in * rotation.stride),
      square(rotation.in * rotation.stride) {}

void observe(Rotation& rotation, const float* h, std::size_t h_stride, std::size_t rows,
             std::size_t first, std::size_t last, ProductFn product, float* scratch) {
  product({.a = h + first,
           .a_row = 1,
           .a_column = h_stride,
           .b = h,
           .b_row = h_stride,
           .c = scratch,
           .c_row = rotation.stride,
           .m = last - first,
           .n = rotation.stride,
           .k = rows});
  const float rate = rotation.observed ? kObservationRate : 1;
  const float share = 1 / static_cast<float>(rows);
  for (std::size_t i = first; i < last; ++i) {
    float* moments = rotation.second_moment.data() + i * rotation.stride;
    const float* now = scratch + (i - first) * rotation.stride;
    for (std::size_t j = 0; j < rotation.in; ++j) {
      moments[j] += rate * (now[j] * share - moments[j]);
    }
  }
}

void set_matrices(Rotation& rotation) {
  for (std::size_t i = 0; i < rotation.in; ++i) {
    for (std::size_t j = 0; j < rotation.in; ++j) {
      const std::size_t at = i * rotation.stride + j;
      rotation.transposed.data()[at] = rotation.axes.data()[at] * rotation.scales[i];
    }
  }
  transpose(rotation.transposed.data(), rotation.in, rotation.stride, rotation.matrix.data());
}

void renew(Rotation& rotation, RotationChange& change, ProductFn product) {
  const std::size_t in = rotation.in;
  const std::size_t stride = rotation.stride;
  AlignedFloats axes(in * stride);
  std::vector<double> variances =
      eigenvectors(rotation.second_moment.data(), in, stride, axes.data());
  for (double& v : variances) v = std::max(v, 0.0);
  const std::vector<float> scales = scales_of(variances);

  // With o for old and n for new, Bn^-1 Bo = sn^-1 (Un^T Uo) so mixes weights, and
  // Bn^T Bo^-T = sn (Un^T Uo) so^-1 their gradients. At first Uo and so are the identity.
  const bool first = !rotation.active();
  AlignedFloats& turn = change.mean;  // Un^T Uo, until it is scaled
  if (first) {
    turn = axes;
  } else {
    AlignedFloats& old_axes = change.square;  // in columns
    transpose(rotation.axes.data(), in, stride, old_axes.data());
    product({.a = axes.data(),
             .a_row = stride,
             .a_column = 1,
             .b = old_axes.data(),
             .b_row = stride,
             .c = turn.data(),
             .c_row = stride,
             .m = in,
             .n = stride,
             .k = in});
  }
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t j = 0; j < in; ++j) {
      const std::size_t at = i * stride + j;
      const float ratio = (first ? 1 : rotation.scales[j]) / scales[i];
      change.weight.data()[at] = turn.data()[at] * ratio;
      change.mean.data()[at] = turn.data()[at] / ratio;
      change.square.data()[at] = change.mean.data()[at] * change.mean.data()[at];
    }
  }
  rotation.axes = std::move(axes);
  rotation.scales = scales;
  rotation.renewed = true;
  set_matrices(rotation);
}

void mix_rows(const Rotation& rotation, const AlignedFloats& change, const float* from,
              std::size_t width, std::size_t first, std::size_t last, ProductFn product,
              float* to) {
  product({.a = change.data() + first * rotation.stride,
           .a_row = rotation.stride,
           .a_column = 1,
           .b = from,
           .b_row = width,
           .c = to,
           .c_row = width,
           .m = last - first,
           .n = width,
           .k = rotation.in});
}

Parameters unrotated(const TrainingState& state, ProductFn product) {
  Parameters plain = state.parameters;
  const auto layers = rotated_layers(plain.plan().dimensions);
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    const Rotation& rotation = state.rotations[i];
    if (!rotation.active()) continue;
    const Layer layer = layers[i];
    mix_rows(rotation, rotation.matrix, state.parameters.layer(layer),
             plain.plan().layers[layer].width, 0, rotation.in, product, plain.layer(layer));
  }
  return plain;
}

Rotator::Rotator(TrainingState& state, ProductFn product)
    : state_(state),
      product_(product),
      layers_(rotated_layers(state.parameters.plan().dimensions)) {
  const Plan& plan = state.parameters.plan();
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    const std::size_t size = state.rotations[i].in * plan.layers[layers_[i]].width;
    changes_.emplace_back(state.rotations[i]);
    before_.push_back({AlignedFloats(size), AlignedFloats(size), AlignedFloats(size)});
  }
  for (const RowBlock& block : row_blocks(plan)) {
    for (std::size_t i = 0; i < state.rotations.size(); ++i) {
      const std::size_t last = std::min(block.last, state.rotations[i].in);  // without the bias
      if (block.layer == layers_[i] && block.first < last) {
        pieces_.push_back({i, block.first, last});
      }
    }
  }
}

void Rotator::after_step(const Backpropagation& pass, std::size_t images, std::size_t samples,
                         Team& team, std::vector<AlignedFloats>& scratch) {
  if (state_.rotations.empty()) return;
  const std::uint64_t t = state_.steps;
  if (t % kObserveEvery == 0) observe_inputs(pass, images, samples, team, scratch);
  if (t == kFirstRenewal || t % kRenewEvery == 0) renew_all(team);
}

void Rotator::observe_inputs(const Backpropagation& pass, std::size_t images, std::size_t samples,
                             Team& team, std::vector<AlignedFloats>& scratch) {
  queue_.refill(pieces_.size());
  team.run([&](unsigned member) {
    queue_.take([&](std::size_t p) {
      const auto [i, first, last] = pieces_[p];
      const Layer layer = layers_[i];
      const std::size_t rows = layer < kDecoder0 ? images : images * samples;
      observe(state_.rotations[i], pass.hidden(layer), pass.hidden_stride(layer), rows, first, last,
              product_, scratch[member].data());
    });
  });
  for (Rotation& rotation : state_.rotations) rotation.observed = true;
}

void Rotator::renew_all(Team& team) {
  const Plan& plan = state_.parameters.plan();
  queue_.refill(state_.rotations.size());
  team.run([&](unsigned) {
    queue_.take([&](std::size_t i) {
      const LayerPlan& layer = plan.layers[layers_[i]];
      renew(state_.rotations[i], changes_[i], product_);
      Before& before = before_[i];
      std::copy_n(state_.parameters.layer(layers_[i]), before.weight.size(), before.weight.data());
      std::copy_n(state_.mean.data() + layer.offset, before.mean.size(), before.mean.data());
      std::copy_n(state_.square.data() + layer.offset, before.square.size(), before.square.data());
    });
  });
  queue_.refill(pieces_.size());
  team.run([&](unsigned) {
    queue_.take([&](std::size_t p) {
      const auto [i, first, last] = pieces_[p];
      const LayerPlan& layer = plan.layers[layers_[i]];
      const auto mix = [&, i = i, first = first, last = last](
                           const AlignedFloats& change, const AlignedFloats& from, float* to) {
        mix_rows(state_.rotations[i], change, from.data(), layer.width, first, last, product_,
                 to + first * layer.width);
      };
      mix(changes_[i].weight, before_[i].weight, state_.parameters.layer(layers_[i]));
      mix(changes_[i].mean, before_[i].mean, state_.mean.data() + layer.offset);
      mix(changes_[i].square, before_[i].square, state_.square.data() + layer.offset);
    });
  });
}

}  // namespace picovae::tools
