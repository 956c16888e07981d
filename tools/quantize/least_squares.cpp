#include "tools/quantize/least_squares.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/product.hpp"
#include "picovae/s4.hpp"
#include "tools/base/threads.hpp"

namespace picovae::tools {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// f32 sums of so many products of 7-bit numbers are whole numbers below 2^24, hence exact.
constexpr std::size_t kExactRows = 1024;
static_assert(kExactRows * 127 * 127 < std::size_t{1} << 24);

constexpr std::size_t kBlock = 64;  // columns that a thread takes at a time

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

// Columns first .. first + columns - 1 of a, each times all columns of b, summed over the rows:
// sums [a.width()][b.width()].
void accumulate_block(const AlignedRows<float>& a, const AlignedRows<float>& b, std::size_t rows,
                      std::size_t first, std::size_t columns, ProductFn product, double* sums) {
  AlignedRows<float> part(columns, b.width());
  for_parts(rows, kExactRows, [&](std::size_t row, std::size_t count) {
    product({.a = a.row(row) + first,
             .a_row = 1,
             .a_column = a.stride(),
             .b = b.row(row),
             .b_row = b.stride(),
             .c = part.row(0),
             .c_row = part.stride(),
             .m = columns,
             .n = b.stride(),
             .k = count});
    for (std::size_t i = 0; i < columns; ++i) {
      double* sum = sums + (first + i) * b.width();
      for (std::size_t j = 0; j < b.width(); ++j) sum[j] += static_cast<double>(part.row(i)[j]);
    }
  });
}

// mean(a b) - mean(a) mean(b), [a.width()][b.width()].
std::vector<double> covariance(const AlignedRows<float>& a, std::span<const double> mean_a,
                               const AlignedRows<float>& b, std::span<const double> mean_b,
                               std::size_t count, ProductFn product, unsigned threads) {
  std::vector<double> sums(a.width() * b.width());
  parallel_parts(threads, a.width(), kBlock, [&](std::size_t first, std::size_t columns) {
    accumulate_block(a, b, count, first, columns, product, sums.data());
  });
  for (std::size_t i = 0; i < a.width(); ++i) {
    for (std::size_t j = 0; j < b.width(); ++j) {
      double& value = sums[i * b.width() + j];
      value = value / static_cast<double>(count) - mean_a[i] * mean_b[j];
    }
  }
  return sums;
}

std::vector<double> mean(const AlignedRows<float>& samples, std::size_t count) {
  std::vector<double> sums(samples.width());
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += static_cast<double>(samples.row(row)[i]);
    }
  }
  for (double& sum : sums) sum /= static_cast<double>(count);
  return sums;
}

}  // namespace

double Moments::mean_variance() const {
  double trace = 0;
  for (std::size_t i = 0; i < in; ++i) trace += covariance[i * in + i];
  return trace / static_cast<double>(in);
}

Moments compute_moments(const AlignedRows<float>& x, const AlignedRows<float>& y, std::size_t count,
                        const Kernels& kernels, unsigned threads) {
  Moments moments{x.width(), y.width(), mean(x, count), mean(y, count), {}, {}};
  const auto cov = [&](const AlignedRows<float>& a, std::span<const double> mean_a) {
    return covariance(a, mean_a, x, moments.mean_x, count, product_for(kernels.isa), threads);
  };
  moments.covariance = cov(x, moments.mean_x);
  // Centered first: f32 sums of y far from zero would round away what matters.
  AlignedRows<float> centered(count, y.width());
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t j = 0; j < y.width(); ++j) {
      centered.row(row)[j] = y.row(row)[j] - static_cast<float>(moments.mean_y[j]);
    }
  }
  moments.cross = cov(centered, mean(centered, count));
  return moments;
}

std::vector<double> fit_weights(const Moments& moments, std::span<const double> prior,
                                double ridge) {
  const auto in = static_cast<Eigen::Index>(moments.in);
  const auto out = static_cast<Eigen::Index>(moments.out);
  const double lambda = ridge * std::max(moments.mean_variance(), kLeastVariance);
  RowMatrix system = Eigen::Map<const RowMatrix>(moments.covariance.data(), in, in);
  system.diagonal().array() += lambda;
  const RowMatrix target = Eigen::Map<const RowMatrix>(moments.cross.data(), out, in) +
                           lambda * Eigen::Map<const RowMatrix>(prior.data(), out, in);
  std::vector<double> weights(moments.in * moments.out);
  Eigen::Map<RowMatrix>(weights.data(), out, in).transpose() =
      system.llt().solve(target.transpose());
  return weights;
}

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

void WeightRounder::round(std::span<const double> weight, double scale, std::span<std::int8_t> q,
                          std::span<const std::uint8_t> groups) const {
  const double lowest = groups.empty() ? -kMaxWeight : kLeastS4;
  const double highest = groups.empty() ? kMaxWeight : kGreatestS4;
  std::vector<double> left(in_);  // weights still to be rounded, errors made up for
  for (std::size_t i = 0; i < in_; ++i) left[i] = weight[order_[i]] / scale;
  for (std::size_t i = 0; i < in_; ++i) {
    const double step = groups.empty() ? 1 : groups[order_[i] / kS4Group];
    const double rounded = step * std::clamp(std::nearbyint(left[i] / step), lowest, highest);
    q[order_[i]] = static_cast<std::int8_t>(rounded);
    const double* row = upper_.data() + i * in_;
    const double error = (left[i] - rounded) / row[i];
    for (std::size_t j = i + 1; j < in_; ++j) left[j] -= error * row[j];
  }
}

}  // namespace picovae::tools
