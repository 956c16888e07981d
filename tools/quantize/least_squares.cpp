#include "tools/quantize/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "host/product.hpp"
#include "picovae/s4.hpp"
#include "tools/base/cholesky.hpp"
#include "tools/base/threads.hpp"

namespace picovae::tools {
namespace {

// f32 sums of so many products of u8 inputs are whole numbers below 2^24, hence exact.
constexpr std::size_t kExactRows = 512;
static_assert(kExactRows * kMostActivation * kMostActivation < std::size_t{1} << 24);

constexpr std::size_t kBlock = 64;  // columns that a thread takes at a time

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

// The factors of matrix + added I, in place of the matrix. Covariances of inputs that hardly vary
// about large values are what f32 sums round to, and may be none: no pivot of one is below `added`.
// Then more is added. Returns what was.
double factor(std::vector<double>& matrix, std::size_t in, double added) {
  const std::vector<double> given = matrix;
  for (;; added *= 16) {
    for (std::size_t i = 0; i < in; ++i) matrix[i * in + i] += added;
    cholesky(matrix, in);
    bool is_one = true;
    for (std::size_t i = 0; i < in; ++i) {
      const double root = matrix[i * in + i];
      is_one = is_one && root * root >= added / 2;
    }
    if (is_one || !std::isfinite(added)) return added;
    matrix = given;
  }
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

std::vector<double> fit_weights(const Moments& moments, std::span<const double> prior, double ridge,
                                unsigned threads) {
  const auto [in, out] = std::pair(moments.in, moments.out);
  std::vector<double> system = moments.covariance;
  const double lambda =
      factor(system, in, ridge * std::max(moments.mean_variance(), kLeastVariance));
  std::vector<double> target(in * out);  // [in][out]: an equation system's right sides side by side
  for (std::size_t j = 0; j < out; ++j) {
    for (std::size_t i = 0; i < in; ++i) {
      target[i * out + j] = moments.cross[j * in + i] + lambda * prior[j * in + i];
    }
  }
  cholesky_solve(system, in, target, out, threads);
  std::vector<double> weights(in * out);
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t j = 0; j < out; ++j) weights[j * in + i] = target[i * out + j];
  }
  return weights;
}

// The variance of the output's error is e^T C e, e the errors of the weights in the order of
// rounding. With the factors of C taken from its end, C = R R^T and R upper triangular, it is the
// sum over j of
//   R_jj^2 (e_j + sum over i < j of e_i R_ij / R_jj)^2,
// and each weight can make its own term small once those before it are rounded. These are the
// roundings of GPTQ, which needs the inverse of C.
WeightRounder::WeightRounder(std::span<const double> covariance, std::size_t in, double damping)
    : in_(in), order_(in), feedback_(in * in) {
  const auto variance = [&](std::size_t i) { return covariance[i * in + i]; };
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return variance(a) > variance(b); });
  double trace = 0;
  for (std::size_t i = 0; i < in; ++i) trace += variance(i);
  const double added = damping * std::max(trace / static_cast<double>(in), kLeastVariance);

  std::vector<double> damped(in * in);  // from the last to the first
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t j = 0; j < in; ++j) {
      damped[i * in + j] = covariance[order_[in - 1 - i] * in + order_[in - 1 - j]];
    }
  }
  factor(damped, in, added);
  for (std::size_t j = 0; j < in; ++j) {  // R^T from its end
    const double* column = damped.data() + (in - 1 - j) * in;
    for (std::size_t i = 0; i < j; ++i) {
      feedback_[i * in + j] = column[in - 1 - i] / column[in - 1 - j];
    }
  }
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
    const double error = weight[order_[i]] / scale - rounded;
    const double* feedback = feedback_.data() + i * in_;
    for (std::size_t j = i + 1; j < in_; ++j) left[j] += error * feedback[j];
  }
}

}  // namespace picovae::tools
