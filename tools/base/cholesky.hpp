// Systems of equations with a symmetric positive definite matrix, in double with the same bits on
// every machine: a library's depend on the width of its vectors, on the processor's caches and on
// its version.
#pragma once

#include <cstddef>
#include <span>

namespace picovae::tools {

// Replaces `matrix` [n][n], of which what is on and above the diagonal is read, by U, upper
// triangular with U^T U = matrix; zeros below. Not finite if the matrix is not positive definite.
void cholesky(std::span<double> matrix, std::size_t n);

// Replaces `b` [n][columns] by the solution x of U^T U x = b.
//   upper  U [n][n], of cholesky()
void cholesky_solve(std::span<const double> upper, std::size_t n, std::span<double> b,
                    std::size_t columns, unsigned threads);

}  // namespace picovae::tools
