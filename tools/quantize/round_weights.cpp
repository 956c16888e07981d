#include "tools/quantize/round_weights.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tools/quantize/least_squares.hpp"

namespace picovae::tools {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

}  // namespace

WeightRounder::WeightRounder(std::span<const double> covariance, std::size_t in, double damping)
    : in_(in), order_(in), upper_(in * in) {
  const auto variance = [&](std::size_t i) { return covariance[i * in + i]; };
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return variance(a) > variance(b); });
  double trace = 0;
  for (std::size_t i = 0; i < in; ++i) trace += variance(i);
  const double added = damping * std::max(trace / static_cast<double>(in), kLeastVariance);

  RowMatrix damped(index(in), index(in));
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t j = 0; j < in; ++j) {
      damped(index(i), index(j)) = covariance[order_[i] * in + order_[j]];
    }
  }
  damped.diagonal().array() += added;
  const RowMatrix inverse = damped.llt().solve(RowMatrix::Identity(damped.rows(), damped.cols()));
  Eigen::Map<RowMatrix>(upper_.data(), damped.rows(), damped.cols()) = inverse.llt().matrixU();
}

void WeightRounder::round(std::span<const double> weight, double scale,
                          std::span<std::int8_t> q) const {
  std::vector<double> left(in_);  // weights still to be rounded, errors made up for
  for (std::size_t i = 0; i < in_; ++i) left[i] = weight[order_[i]] / scale;
  for (std::size_t i = 0; i < in_; ++i) {
    const double rounded =
        std::clamp(std::nearbyint(left[i]), -double{kMaxWeight}, double{kMaxWeight});
    q[order_[i]] = static_cast<std::int8_t>(rounded);
    const double* row = upper_.data() + i * in_;
    const double error = (left[i] - rounded) / row[i];
    for (std::size_t j = i + 1; j < in_; ++j) left[j] -= error * row[j];
  }
}

}  // namespace picovae::tools
