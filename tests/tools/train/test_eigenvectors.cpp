#include "tools/train/eigenvectors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/random.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr float kPadding = 7;

struct Symmetric {
  explicit Symmetric(std::size_t size) : n(size), stride(size + 3), values(n * stride, kPadding) {}
  float& at(std::size_t i, std::size_t j) { return values[i * stride + j]; }

  std::size_t n, stride;
  std::vector<float> values;
};

// X^T X of random X [rows][n]: of rank `rows` at most.
Symmetric moments(std::size_t n, std::size_t rows) {
  std::vector<std::int16_t> drawn(rows * n);
  normals(5, Purpose::kUserDefined, 0, static_cast<std::uint32_t>(n), drawn.data(), drawn.size());
  Symmetric matrix(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t r = 0; r < rows; ++r) sum += drawn[r * n + i] * drawn[r * n + j] * 0x1p-24;
      matrix.at(i, j) = static_cast<float>(sum / static_cast<double>(i + j + 1));
    }
  }
  return matrix;
}

struct Decomposition {
  std::vector<double> values;
  std::vector<float> vectors;
};

Decomposition decompose(Symmetric matrix) {
  for (std::size_t i = 0; i < matrix.n; ++i) {  // which is not read
    for (std::size_t j = i + 1; j < matrix.n; ++j) matrix.at(i, j) = kPadding;
  }
  Decomposition d{{}, std::vector<float>(matrix.values.size(), kPadding)};
  d.values = eigenvectors(matrix.values.data(), matrix.n, matrix.stride, d.vectors.data());
  return d;
}

// Of V V^T = 1 and A V^T = V^T values, relative to the largest value.
void check(Symmetric matrix) {
  const std::size_t n = matrix.n;
  const Decomposition d = decompose(matrix);
  REQUIRE(d.values.size() == n);
  double largest = 0;
  for (const double v : d.values) largest = std::max(largest, std::fabs(v));
  const auto vector = [&](std::size_t i, std::size_t j) {
    return static_cast<double>(d.vectors[i * matrix.stride + j]);
  };
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      double dot = 0;
      double image = 0;
      for (std::size_t j = 0; j < n; ++j) {
        dot += vector(i, j) * vector(k, j);
        image += static_cast<double>(matrix.at(k, j)) * vector(i, j);
      }
      worst = std::max(worst, std::fabs(dot - (i == k ? 1 : 0)));
      if (largest > 0)
        worst = std::max(worst, std::fabs(image - d.values[i] * vector(i, k)) / largest);
    }
    for (std::size_t j = n; j < matrix.stride; ++j)
      CHECK(d.vectors[i * matrix.stride + j] == kPadding);
  }
  CHECK(worst < 3e-7);
}

TEST_CASE("vectors are of length 1, at right angles, and the matrix only scales them") {
  for (const std::size_t n : {1u, 2u, 3u, 8u, 17u, 64u, 101u}) {
    CAPTURE(n);
    check(moments(n, 2 * n));
    check(moments(n, (n + 1) / 2));  // half of the values are zero
  }
}

TEST_CASE("equal values, and none") {
  for (const float value : {0.0f, 3.0f}) {
    Symmetric matrix(20);
    for (std::size_t i = 0; i < 20; ++i) {
      for (std::size_t j = 0; j < 20; ++j) matrix.at(i, j) = i == j ? value : 0;
    }
    check(matrix);
    for (const double v : decompose(matrix).values) CHECK(v == static_cast<double>(value));
  }
  Symmetric one(20);  // all elements equal: one value of 20, others zero
  for (std::size_t i = 0; i < 20; ++i) std::fill_n(&one.at(i, 0), 20, 1.0f);
  check(one);
}

TEST_CASE("values of a known matrix") {
  Symmetric matrix(40);  // of second differences: 2 - 2 cos(k pi / 41)
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t j = 0; j < 40; ++j) {
      matrix.at(i, j) = i == j ? 2.0f : i == j + 1 || j == i + 1 ? -1.0f : 0.0f;
    }
  }
  check(matrix);
  std::vector<double> values = decompose(matrix).values;
  std::sort(values.begin(), values.end());
  for (std::size_t k = 0; k < 40; ++k) {
    const double expected =
        2 - 2 * std::cos(static_cast<double>(k + 1) * 3.14159265358979323846 / 41);
    CHECK(std::fabs(values[k] - expected) < 1e-14);
  }
}

TEST_CASE("a matrix that is not finite comes to an end") {
  for (const float value :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    Symmetric matrix = moments(30, 60);
    matrix.at(20, 10) = value;
    CHECK(decompose(matrix).values.size() == 30);
  }
}

TEST_CASE("the same bits on every machine") {
  const Decomposition d = decompose(moments(101, 202));
  CHECK(crc32c(std::as_bytes(std::span(d.values))) == 0xcd3773fc);
  CHECK(crc32c(std::as_bytes(std::span(d.vectors))) == 0x6726f70c);
}

}  // namespace
