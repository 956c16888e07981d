// The optimizer: Adam or NAdam under a schedule, on gradients whose norm may be clipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"
#include "tools/base/vector_ops.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/parameters.hpp"
#include "tools/train/recipe.hpp"
#include "tools/train/training_state.hpp"

namespace picovae::tools {

// The learning rate of step t = 1, 2, ... of `steps`, as a share of the highest. Over the first
// `warmup` (0 to 1) of the steps it rises from a twentieth along half a cosine; then it follows the
// schedule (with a long warm-up: one-cycle, Smith 2018). After the last step it stays as it is.
double rate_share(Schedule schedule, double warmup, std::uint64_t t, std::uint64_t steps);

struct AdamRates {
  double alpha = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  bool nesterov = false;  // NAdam: each step looks one ahead (Dozat 2016)
};

// What step t = 1, 2, ... of Adam does to every weight, corrected for moments that start at zero
// (Kingma and Ba 2014, "Adam: A Method for Stochastic Optimization", Algorithm 1).
AdamStep adam_step(const AdamRates& rates, std::uint64_t t);

// The factor for the gradient of step t = 1, 2, ..., so that its norm is at most `limit` times the
// mean of those before; takes the norm into that mean (Pascanu, Mikolov and Bengio 2013, Algorithm
// 1, with a running mean as the threshold).
double clip_scale(double limit, double norm, std::uint64_t t, double& mean_norm);

// Changes weights and moments of a training state, in blocks that the members of a team share.
class Optimizer {
 public:
  // Takes all memory. `state` outlives this.
  //   steps  of the whole training
  Optimizer(const Recipe& recipe, std::uint64_t steps, const VectorOps& ops, TrainingState& state);

  // Before the team works: prepares step state.steps.
  void start_step();

  // On each member, when backward() is done for all `images`: computes gradients of blocks, and
  // unless they are to be clipped, changes the blocks at once, while they are in the cache.
  //   scratch  [scratch_size()] of the calling member
  void differentiate(const Backpropagation& pass, std::size_t images, float* scratch);
  std::size_t scratch_size() const { return kBlockRows * state_.parameters.plan().widest(); }

  // After that: clips the gradients and changes the blocks, if this was not done at once. Returns
  // false, with all weights as they were, if a gradient is not finite.
  bool finish_step(Team& team);

 private:
  void update(const RowBlock& block, const float* gradient);

  Recipe recipe_;
  std::uint64_t steps_;
  const VectorOps& ops_;
  TrainingState& state_;
  std::vector<RowBlock> blocks_;
  WorkQueue queue_;
  AlignedFloats gradient_;       // laid out as the parameters, if there is a clip
  std::vector<double> squares_;  // sum over each block's gradient
  AdamStep adam_{};
};

}  // namespace picovae::tools
