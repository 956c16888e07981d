// Factors of random positive definite matrices, of sizes on both sides of a tile and of a panel.
#include "tools/base/cholesky.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"
#include "tests/engine/random_models.hpp"

using namespace picovae::tests;
using namespace picovae::tools;

namespace {

// [n][n], with eigenvalues of at least 1.
std::vector<double> positive_matrix(std::size_t n, Dice& dice) {
  constexpr std::size_t kRank = 3;
  std::vector<double> factor, matrix(n * n);
  for (std::size_t i = 0; i < n * kRank; ++i) factor.push_back(dice.uniform(-1, 1));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      matrix[i * n + j] = i == j ? 1 : 0;
      for (std::size_t r = 0; r < kRank; ++r) {
        matrix[i * n + j] += factor[i * kRank + r] * factor[j * kRank + r];
      }
    }
  }
  return matrix;
}

}  // namespace

TEST_CASE("the factor's square is the matrix, and systems are solved") {
  constexpr std::size_t kSizes[] = {1, 2, 7, 8, 9, 63, 64, 65, 72, 131, 200};
  for (const std::size_t n : kSizes) {
    CAPTURE(n);
    Dice dice(static_cast<std::uint32_t>(n));
    const std::vector<double> matrix = positive_matrix(n, dice);
    std::vector<double> upper = matrix;
    for (std::size_t i = 1; i < n; ++i) upper[i * n + i - 1] = 99;  // what is below is not read
    cholesky(upper, n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += upper[k * n + i] * upper[k * n + j];
        REQUIRE(std::abs(sum - matrix[i * n + j]) < 1e-12);
        if (j < i) REQUIRE(upper[i * n + j] == 0);
      }
    }

    constexpr std::size_t kColumns = 37;
    std::vector<double> b;
    for (std::size_t i = 0; i < n * kColumns; ++i) b.push_back(dice.uniform(-1, 1));
    std::vector<double> x = b;
    cholesky_solve(upper, n, x, kColumns, 1);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t column = 0; column < kColumns; ++column) {
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) sum += matrix[i * n + j] * x[j * kColumns + column];
        REQUIRE(std::abs(sum - b[i * kColumns + column]) < 1e-12);
      }
    }
    std::vector<double> threaded = b;
    cholesky_solve(upper, n, threaded, kColumns, 3);
    CHECK(threaded == x);
  }
}

TEST_CASE("a matrix that is not positive definite has no finite factor") {
  std::vector<double> matrix = {1, 2, 2, 1};
  cholesky(matrix, 2);
  CHECK_FALSE(std::isfinite(matrix[3]));
}

TEST_CASE("the bits are the same on every machine") {
  constexpr std::size_t kSize = 150;
  Dice dice(1);
  std::vector<double> upper = positive_matrix(kSize, dice);
  std::vector<double> b(kSize);
  for (double& value : b) value = dice.uniform(-1, 1);
  cholesky(upper, kSize);
  cholesky_solve(upper, kSize, b, 1, 1);
  CHECK(picovae::crc32c(std::as_bytes(std::span(upper))) == 0x986266cb);
  CHECK(picovae::crc32c(std::as_bytes(std::span(b))) == 0xddbe5c12);
}
