#include "tools/train/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/base/fixed_math.hpp"

namespace picovae::tools {
namespace {

// From 0 at 0 to 1 at 1, level at both ends.
double rise(double x) { return 0.5 * (1 - fixed::cos(std::numbers::pi * x)); }

}  // namespace

double rate_share(Schedule schedule, double warmup, std::uint64_t t, std::uint64_t steps) {
  constexpr double kFirstShare = 0.05;
  const double done = std::min(static_cast<double>(t) / static_cast<double>(steps), 1.0);
  if (done < warmup) return kFirstShare + (1 - kFirstShare) * rise(done / warmup);
  if (schedule == Schedule::kConstant || warmup >= 1) return 1;
  return rise(1 - (done - warmup) / (1 - warmup));
}

AdamStep adam_step(const AdamRates& rates, std::uint64_t t) {
  return {.rate = static_cast<float>(rates.alpha / (1 - fixed::power(rates.beta1, t))),
          .root_correction = static_cast<float>(1 / std::sqrt(1 - fixed::power(rates.beta2, t))),
          .one_minus_beta1 = static_cast<float>(1 - rates.beta1),
          .one_minus_beta2 = static_cast<float>(1 - rates.beta2),
          .epsilon = static_cast<float>(rates.epsilon),
          .look_ahead = rates.nesterov ? static_cast<float>(1 - rates.beta1) : 0.0f};
}

double clip_scale(double limit, double norm, std::uint64_t t, double& mean_norm) {
  constexpr double kMeanRate = 0.02;
  if (t == 1) mean_norm = norm;
  const double allowed = limit * mean_norm;
  const double scale = norm > allowed ? allowed / norm : 1;
  mean_norm += kMeanRate * (norm * scale - mean_norm);
  return scale;
}

Optimizer::Optimizer(const Recipe& recipe, std::uint64_t steps, const VectorOps& ops,
                     TrainingState& state)
    : recipe_(recipe),
      steps_(steps),
      ops_(ops),
      state_(state),
      blocks_(row_blocks(state.parameters.plan())),
      gradient_(recipe.clip > 0 ? state.parameters.plan().size : 0),
      squares_(blocks_.size()) {}

void Optimizer::start_step() {
  const double share = rate_share(recipe_.schedule, recipe_.warmup, state_.steps, steps_);
  adam_ = adam_step({.alpha = recipe_.learning_rate * share,
                     .beta1 = recipe_.beta1,
                     .nesterov = recipe_.nesterov},
                    state_.steps);
  queue_.refill(blocks_.size());
}

void Optimizer::differentiate(const Backpropagation& pass, std::size_t images, float* scratch) {
  queue_.take([&](std::size_t i) {
    const RowBlock& block = blocks_[i];
    float* to = recipe_.clip > 0 ? gradient_.data() + block.offset : scratch;
    pass.weight_gradient(block.layer, block.first, block.last, images, to);
    if (recipe_.clip > 0) {
      squares_[i] = ops_.sum_of_squares(to, block.size);
    } else {
      update(block, to);
    }
  });
}

bool Optimizer::finish_step(Team& team) {
  if (recipe_.clip <= 0) return true;
  double sum = 0;
  for (const double square : squares_) sum += square;
  if (!std::isfinite(sum)) return false;
  adam_.scale =
      static_cast<float>(clip_scale(recipe_.clip, std::sqrt(sum), state_.steps, state_.mean_norm));
  queue_.refill(blocks_.size());
  team.run([this](unsigned) {
    queue_.take(
        [this](std::size_t i) { update(blocks_[i], gradient_.data() + blocks_[i].offset); });
  });
  return true;
}

// One step on a block; biases, the layer's last row, have another rate.
void Optimizer::update(const RowBlock& block, const float* gradient) {
  const LayerPlan& layer = state_.parameters.plan().layers[block.layer];
  const auto step_on = [&](const AdamStep& step, std::size_t first, std::size_t last) {
    const std::size_t at = layer.offset + first * layer.width;
    ops_.adam(step, gradient + (first - block.first) * layer.width, state_.mean.data() + at,
              state_.square.data() + at, state_.parameters.layer(block.layer) + first * layer.width,
              (last - first) * layer.width);
  };
  step_on(adam_, block.first, std::min(block.last, layer.in));
  if (block.last > layer.in) {
    AdamStep biases = adam_;
    biases.rate *= static_cast<float>(recipe_.bias_rate);
    step_on(biases, layer.in, block.last);
  }
}

}  // namespace picovae::tools
