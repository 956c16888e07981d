// Hidden inputs along their principal axes. A layer trains W' of W = B W'. The columns of B are the
// axes U of the layer's inputs h, from a running mean of h^T h, each scaled by
//   s = (variance + a little of the mean variance)^(-1/4),
// and all together to the same total variance. Adam steps on each weight by itself, so its steps
// are then along axes that are nearly independent, and larger along those of little variance: the
// idea of Shampoo and SOAP (Gupta et al. 2018; Vyas et al. 2024), for the inputs alone. A trained
// network holds W itself and nothing of this.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "host/product.hpp"
#include "picovae/shape.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"
#include "tools/train/parameters.hpp"

namespace picovae::tools {

class Backpropagation;
struct TrainingState;

// The layers whose inputs are rotated, if any are: those above hidden layers.
inline constexpr std::array kRotatedLayers{kEncoder1, kEncoderHeads, kDecoder1, kDecoder2};
std::vector<Layer> rotated_layers(Dimensions d);  // that a network has

// Of one layer of `in` inputs, without the bias's one. Matrices are [in][stride], stride a multiple
// of 16, and zero in their padding.
struct Rotation {
  explicit Rotation(std::size_t in);

  bool active() const { return renewed; }  // else B is the identity

  std::size_t in, stride;
  bool observed = false;
  bool renewed = false;
  AlignedFloats second_moment;       // running mean of h^T h
  std::vector<float> scales;         // [in]: s
  AlignedFloats axes;                // U^T: an axis in each row
  AlignedFloats matrix, transposed;  // B and B^T
};

// What renewing B does: rows of W' and of Adam's mean and square are mixed by these, [in][stride],
// so that B W' is unchanged and the moments are those of the new gradients, as far as they can be
// known.
struct RotationChange {
  explicit RotationChange(const Rotation& rotation);

  AlignedFloats weight, mean, square;
};

// Takes a minibatch into rows [first, last) of the running mean.
//   h        [rows][h_stride]
//   scratch  [last - first][stride]
void observe(Rotation& rotation, const float* h, std::size_t h_stride, std::size_t rows,
             std::size_t first, std::size_t last, ProductFn product, float* scratch);

// Computes B from the running mean, and what that changes.
void renew(Rotation& rotation, RotationChange& change, ProductFn product);

// Computes B and B^T from axes and scales.
void set_matrices(Rotation& rotation);

// to [last - first][width] = rows [first, last) of change * from, from [in][width].
void mix_rows(const Rotation& rotation, const AlignedFloats& change, const float* from,
              std::size_t width, std::size_t first, std::size_t last, ProductFn product, float* to);

// The parameters of the plain network, B W'.
Parameters unrotated(const TrainingState& state, ProductFn product);

// Keeps the rotations of a training state up to date, on all threads.
class Rotator {
 public:
  // Takes all memory. Does nothing if the state has no rotations; `state` outlives this.
  Rotator(TrainingState& state, ProductFn product);

  // After a step on `images`: every few steps observes the hidden activations, and more rarely
  // renews the rotations.
  //   scratch  one for each member, [kBlockRows * plan.widest()]
  void after_step(const Backpropagation& pass, std::size_t images, std::size_t samples, Team& team,
                  std::vector<AlignedFloats>& scratch);

 private:
  struct Piece {
    std::size_t rotation, first, last;  // rows of it
  };
  struct Before {
    AlignedFloats weight, mean, square;  // [in][width]
  };

  void observe_inputs(const Backpropagation& pass, std::size_t images, std::size_t samples,
                      Team& team, std::vector<AlignedFloats>& scratch);
  void renew_all(Team& team);

  TrainingState& state_;
  ProductFn product_;
  std::vector<Layer> layers_;  // of the rotations
  std::vector<Piece> pieces_;  // of all rotations, for the team to share
  WorkQueue queue_;
  std::vector<RotationChange> changes_;  // of a renewal,
  std::vector<Before> before_;           // and the values before it
};

}  // namespace picovae::tools
