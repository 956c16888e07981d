#include "tools/train/rotate.hpp"

#include <algorithm>

namespace picovae::tools {
namespace {

// The first renewal when there is a mean, then rarely: it takes as long as a dozen steps.
constexpr std::uint64_t kObserveEvery = 10;
constexpr std::uint64_t kFirstRenewal = 100;
constexpr std::uint64_t kRenewEvery = 250;

}  // namespace

Rotator::Rotator(TrainingState& state, const std::vector<Chunk>& chunks, ProductFn product)
    : state_(state), chunks_(chunks), product_(product) {
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    const LayerPlan& layer = state.parameters.plan().layers[kRotatedLayers[i]];
    const std::size_t size = layer.in * layer.width;
    changes_.emplace_back(state.rotations[i]);
    before_.push_back({AlignedFloats(size), AlignedFloats(size), AlignedFloats(size)});
  }
}

void Rotator::after_step(const Backpropagation& pass, std::size_t images, std::size_t samples,
                         Team& team, std::vector<AlignedFloats>& scratch) {
  if (state_.rotations.empty()) return;
  const std::uint64_t t = state_.steps;
  if (t % kObserveEvery == 0) observe_inputs(pass, images, samples, team, scratch);
  if (t == kFirstRenewal || t % kRenewEvery == 0) renew_all(team);
}

template <typename Work>
void Rotator::share_rotated_chunks(const Work& work) {
  counter_.share([&](std::size_t c) {
    const Chunk& chunk = chunks_[c];
    for (std::size_t i = 0; i < state_.rotations.size(); ++i) {
      const std::size_t last = std::min(chunk.last, state_.rotations[i].in);
      if (chunk.layer == kRotatedLayers[i] && chunk.first < last) work(i, chunk.first, last);
    }
  });
}

void Rotator::observe_inputs(const Backpropagation& pass, std::size_t images, std::size_t samples,
                             Team& team, std::vector<AlignedFloats>& scratch) {
  counter_.start(chunks_.size());
  team.run([&](unsigned member) {
    share_rotated_chunks([&](std::size_t i, std::size_t first, std::size_t last) {
      const Layer layer = kRotatedLayers[i];
      const std::size_t rows = layer < kDecoder0 ? images : images * samples;
      observe(state_.rotations[i], pass.hidden(layer), pass.hidden_stride(layer), rows, first, last,
              product_, scratch[member].data());
    });
  });
  for (Rotation& rotation : state_.rotations) rotation.observed = true;
}

void Rotator::renew_all(Team& team) {
  const Plan& plan = state_.parameters.plan();
  counter_.start(state_.rotations.size());
  team.run([&](unsigned) {
    counter_.share([&](std::size_t i) {
      const LayerPlan& layer = plan.layers[kRotatedLayers[i]];
      renew(state_.rotations[i], changes_[i], product_);
      Before& before = before_[i];
      std::copy_n(state_.parameters.layer(kRotatedLayers[i]), before.weight.size(),
                  before.weight.data());
      std::copy_n(state_.mean.data() + layer.offset, before.mean.size(), before.mean.data());
      std::copy_n(state_.square.data() + layer.offset, before.square.size(), before.square.data());
    });
  });
  counter_.start(chunks_.size());
  team.run([&](unsigned) {
    share_rotated_chunks([&](std::size_t i, std::size_t first, std::size_t last) {
      const LayerPlan& layer = plan.layers[kRotatedLayers[i]];
      const auto mix = [&](const AlignedFloats& change, const AlignedFloats& from, float* to) {
        mix_rows(state_.rotations[i], change, from.data(), layer.width, first, last, product_,
                 to + first * layer.width);
      };
      mix(changes_[i].weight, before_[i].weight, state_.parameters.layer(kRotatedLayers[i]));
      mix(changes_[i].mean, before_[i].mean, state_.mean.data() + layer.offset);
      mix(changes_[i].square, before_[i].square, state_.square.data() + layer.offset);
    });
  });
}

Parameters Rotator::unrotated(const TrainingState& state, ProductFn product) {
  Parameters plain = state.parameters;
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    const Rotation& rotation = state.rotations[i];
    if (!rotation.active()) continue;
    const Layer index = kRotatedLayers[i];
    mix_rows(rotation, rotation.matrix, state.parameters.layer(index),
             plain.plan().layers[index].width, 0, rotation.in, product, plain.layer(index));
  }
  return plain;
}

}  // namespace picovae::tools
