// Eigenvalues and eigenvectors of a symmetric matrix, with the same bits on every machine: a
// library's depend on the width of its vectors, on the processor's caches and on its version.
#pragma once

#include <cstddef>
#include <vector>

namespace picovae::tools {

// Returns the eigenvalues, in no particular order.
//   matrix   [n][stride], of which those on and below the diagonal are read
//   vectors  [n][stride]: row i becomes the eigenvector of value i, of length 1; padding is left
// Errors are a few units of double's last place, of the largest eigenvalue. If the matrix is not
// finite, some results are not.
std::vector<double> eigenvectors(const float* matrix, std::size_t n, std::size_t stride,
                                 float* vectors);

}  // namespace picovae::tools
