// Keeps the rotations of a training state up to date, on all threads.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "host/product.hpp"
#include "picovae/kernels.hpp"
#include "tools/base/threads.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/chunks.hpp"
#include "tools/train/rotation.hpp"
#include "tools/train/training_state.hpp"

namespace picovae::tools {

class Rotator {
 public:
  // Takes all memory. Does nothing where the state has no rotations; arguments outlive this.
  Rotator(TrainingState& state, const std::vector<Chunk>& chunks, ProductFn product);

  // After a step on `images`: observes its hidden activations every few steps, and renews the
  // rotations more rarely.
  //   scratch  each member's own, of kChunkRows rows of the widest layer
  void after_step(const Backpropagation& pass, std::size_t images, std::size_t samples, Team& team,
                  std::vector<AlignedFloats>& scratch);

  // The parameters of the plain network, B W'.
  static Parameters unrotated(const TrainingState& state, ProductFn product);

 private:
  // Calls work(i, rows of the chunk) for chunks of rotated layers without the bias's row.
  template <typename Work>
  void share_rotated_chunks(const Work& work);
  void observe_inputs(const Backpropagation& pass, std::size_t images, std::size_t samples,
                      Team& team, std::vector<AlignedFloats>& scratch);
  void renew_all(Team& team);

  TrainingState& state_;
  const std::vector<Chunk>& chunks_;
  ProductFn product_;
  Counter counter_;

  // Of a renewal: what it does, and the values before it.
  struct Before {
    AlignedFloats weight, mean, square;  // [in][width]
  };
  std::vector<RotationChange> changes_;
  std::vector<Before> before_;
};

}  // namespace picovae::tools
