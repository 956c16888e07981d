// Hidden inputs along their principal axes. A layer trains W' of W = B W', where B = U s has the
// axes U of its inputs h as columns, from a running mean of h^T h, each scaled by
//   s = (variance + a little of the mean variance)^(-1/4),
// the whole to the same total variance. Adam's steps, which are one weight's each, then go along
// axes that are nearly independent, faster along those of little variance: the idea of Shampoo and
// SOAP (Gupta et al. 2018; Vyas et al. 2024) on the side of the inputs alone. W itself is what the
// layer computes, so nothing is left of this in a trained network.
#pragma once

#include <cstddef>
#include <vector>

#include "host/product.hpp"
#include "picovae/kernels.hpp"
#include "tools/base/aligned.hpp"

namespace picovae::tools {

// Of one layer of `in` inputs, the bias's one apart. Matrices are [in][stride], stride a multiple
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
// so that B W' stays what it is and the moments are those of the new gradients, as far as that can
// be known.
struct RotationChange {
  explicit RotationChange(const Rotation& rotation);

  AlignedFloats weight, mean, square;
};

// Takes a minibatch into the running mean, for rows [first, last) of it.
//   h        [rows][h_stride]
//   scratch  [last - first][stride]
void observe(Rotation& rotation, const float* h, std::size_t h_stride, std::size_t rows,
             std::size_t first, std::size_t last, ProductFn product, float* scratch);

// Has B and B^T follow from axes and scales.
void set_matrices(Rotation& rotation);

// Takes B anew from the running mean.
void renew(Rotation& rotation, RotationChange& change, ProductFn product);

// to [last - first][width] = rows [first, last) of change * from, from [in][width].
void mix_rows(const Rotation& rotation, const AlignedFloats& change, const float* from,
              std::size_t width, std::size_t first, std::size_t last, ProductFn product, float* to);

}  // namespace picovae::tools
