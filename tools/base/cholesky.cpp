#include "tools/base/cholesky.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tools/base/aligned.hpp"
#include "tools/base/threads.hpp"

namespace picovae::tools {
namespace {

// An element is what it was, less products in ascending order of their rows, however many are
// computed at a time. So these numbers decide the speed alone.
constexpr std::size_t kPanel = 64;   // rows of U that are subtracted at a time
constexpr std::size_t kRows = 2;     // of a tile, whose elements stay in registers
constexpr std::size_t kColumns = 8;  // of a tile
constexpr std::size_t kSolved = 32;  // columns of a system that are solved at a time

using Row = std::array<double, kSolved>;

// a -= factor b.
void subtract(Row& a, double factor, const Row& b) {
  for (std::size_t i = 0; i < kSolved; ++i) a[i] -= factor * b[i];
}
void subtract(double* a, double factor, const double* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] -= factor * b[i];
}

class Factorization {
 public:
  Factorization(std::span<const double> matrix, std::size_t n)
      : size_((n + kColumns - 1) / kColumns * kColumns),
        matrix_(size_ * size_),
        left_(size_ * kPanel) {
    for (std::size_t i = 0; i < n; ++i) std::copy_n(matrix.data() + i * n + i, n - i, row(i) + i);
    for (std::size_t i = n; i < size_; ++i) row(i)[i] = 1;
  }

  void run() {
    for (std::size_t first = 0; first < size_; first += kPanel) {
      rows_ = std::min(kPanel, size_ - first);
      factor_panel(first);
      subtract_panel(first);
    }
  }

  double* row(std::size_t i) { return matrix_.data() + i * size_; }

 private:
  // Rows of U from which those before the panel are subtracted already.
  void factor_panel(std::size_t first) {
    for (std::size_t k = first; k < first + rows_; ++k) {
      for (std::size_t p = first; p < k; ++p)
        subtract(row(k) + k, row(p)[k], row(p) + k, size_ - k);
      const double root = std::sqrt(row(k)[k]);
      for (std::size_t j = k; j < size_; ++j) row(k)[j] /= root;
    }
  }

  // From all rows below the panel, as far as tiles touch the upper triangle.
  void subtract_panel(std::size_t first) {
    const std::size_t end = first + rows_;
    for (std::size_t i = end; i < size_; i += kRows) {  // as tiles read it
      for (std::size_t p = 0; p < rows_; ++p)
        std::copy_n(row(first + p) + i, kRows, left(i) + p * kRows);
    }
    for (std::size_t j = end; j < size_; j += kColumns) {
      std::array<double, kPanel * kColumns> right;
      for (std::size_t p = 0; p < rows_; ++p) {
        std::copy_n(row(first + p) + j, kColumns, right.data() + p * kColumns);
      }
      for (std::size_t i = end; i < j + kColumns; i += kRows)
        subtract_tile(left(i), right.data(), row(i) + j);
    }
  }

  // to [kRows][kColumns] -= left^T right, of the panel's rows.
  void subtract_tile(const double* left, const double* right, double* to) const {
    std::array<std::array<double, kColumns>, kRows> tile;
    for (std::size_t i = 0; i < kRows; ++i) std::copy_n(to + i * size_, kColumns, tile[i].data());
    for (std::size_t p = 0; p < rows_; ++p, left += kRows, right += kColumns) {
      for (std::size_t i = 0; i < kRows; ++i) {
        for (std::size_t j = 0; j < kColumns; ++j) tile[i][j] -= left[i] * right[j];
      }
    }
    for (std::size_t i = 0; i < kRows; ++i) std::copy_n(tile[i].data(), kColumns, to + i * size_);
  }

  double* left(std::size_t i) { return left_.data() + i * kPanel; }

  std::size_t size_;              // whole tiles
  AlignedVector<double> matrix_;  // [size][size]
  AlignedVector<double> left_;    // [size / kRows][kPanel][kRows]: the panel
  std::size_t rows_ = 0;          // of the panel
};

}  // namespace

void cholesky(std::span<double> matrix, std::size_t n) {
  Factorization factorization(matrix, n);
  factorization.run();
  for (std::size_t i = 0; i < n; ++i) {
    std::fill_n(matrix.data() + i * n, i, 0.0);
    std::copy_n(factorization.row(i) + i, n - i, matrix.data() + i * n + i);
  }
}

void cholesky_solve(std::span<const double> upper, std::size_t n, std::span<double> b,
                    std::size_t columns, unsigned threads) {
  parallel_parts(threads, columns, kSolved, [&](std::size_t first, std::size_t count) {
    std::vector<Row> x(n);
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(b.data() + i * columns + first, count, x[i].data());
    for (std::size_t k = 0; k < n; ++k) {  // U^T y = b
      const double* row = upper.data() + k * n;
      for (double& value : x[k]) value /= row[k];
      const Row solved = x[k];
      for (std::size_t i = k + 1; i < n; ++i) subtract(x[i], row[i], solved);
    }
    for (std::size_t k = n; k-- > 0;) {  // U x = y
      const double* row = upper.data() + k * n;
      Row sum = x[k];
      for (std::size_t i = k + 1; i < n; ++i) subtract(sum, row[i], x[i]);
      for (double& value : sum) value /= row[k];
      x[k] = sum;
    }
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(x[i].data(), count, b.data() + i * columns + first);
  });
}

}  // namespace picovae::tools
