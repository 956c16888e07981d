// The trainer's product: every ISA against sums in double, and against itself to the bit however it
// is split.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/product.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "tests/engine/guarded.hpp"
#include "tests/engine/kernel_inputs.hpp"
#include "tests/engine/runnable_kernels.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

// `size` floats at a multiple of 64 bytes, and NaN up to the next one.
class Floats {
 public:
  explicit Floats(std::size_t size, float value = 0)
      : size_(size),
        data_(static_cast<float*>(std::aligned_alloc(64, round_up(size * sizeof(float), 64))),
              &std::free) {
    std::fill_n(data(), round_up(size, 16), std::numeric_limits<float>::quiet_NaN());
    std::fill_n(data(), size, value);
  }
  float* data() { return data_.get(); }
  std::span<float> all() { return {data(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<float[], void (*)(void*)> data_;
};

// ISAs with products of their own.
std::vector<const Kernels*> with_products() {
  return runnable_kernels([](const Kernels& kernels) { return product_for(kernels.isa); });
}

enum class View { kPlain, kTransposed };

struct Case {
  std::size_t m, n, k;
  View a = View::kPlain;  // transposed: stored [k][m]
  View b = View::kPlain;  // transposed: stored [n][k]
  bool skip_zeros = false;
};

// Of a case with skip_zeros, half of a is zero: some numbers, whole terms, whole rows.
struct Operands {
  Floats a, b, c;
  Product product;

  static constexpr float kGuard = -12345.0f;

  Operands(const Case& of, std::size_t gap, Random& random)
      : a(of.m * of.k),
        b(of.b == View::kPlain ? of.k * (of.n + gap) : of.n * (of.k + gap)),
        c(of.m * (round_up(of.n, 16) + gap), kGuard) {
    for (float& v : a.all()) v = random.unit();
    for (float& v : b.all()) v = random.unit();
    product = {.a = a.data(),
               .a_row = of.a == View::kPlain ? of.k : 1,
               .a_column = of.a == View::kPlain ? 1 : of.m,
               .b = b.data(),
               .b_row = of.b == View::kPlain ? of.n + gap : 1,
               .b_column = of.b == View::kPlain ? 1 : of.k + gap,
               .c = c.data(),
               .c_row = round_up(of.n, 16) + gap,
               .m = of.m,
               .n = of.n,
               .k = of.k,
               .skip_zeros = of.skip_zeros};
    if (!of.skip_zeros) return;
    for (std::size_t i = 0; i < of.m; ++i) {
      for (std::size_t l = 0; l < of.k; ++l) {
        if (l % 3 == 0 || i % 17 == 1 || random.unit() < -0.5f) a_at(i, l) = 0;
      }
    }
  }

  float& a_at(std::size_t i, std::size_t l) {
    return a.data()[i * product.a_row + l * product.a_column];
  }
  float b_at(std::size_t l, std::size_t j) const {
    return product.b[l * product.b_row + j * product.b_column];
  }
  float c_at(std::size_t i, std::size_t j) const { return product.c[i * product.c_row + j]; }

  void run(const Kernels& kernels) {
    std::fill(c.all().begin(), c.all().end(), kGuard);
    product_for(kernels.isa)(product);
  }

  std::size_t differences(std::span<const float> expected) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      count += std::memcmp(c.data() + i, expected.data() + i, sizeof(float)) != 0;
    }
    return count;
  }
};

void check_against_double(Operands& data) {
  const Product& p = data.product;
  for (std::size_t i = 0; i < p.m; ++i) {
    CAPTURE(i);
    for (std::size_t j = 0; j < p.n; ++j) {
      CAPTURE(j);
      double exact = 0, magnitude = 0;
      for (std::size_t l = 0; l < p.k; ++l) {
        const double term = double{data.a_at(i, l)} * double{data.b_at(l, j)};
        exact += term;
        magnitude += std::fabs(term);
      }
      const double rounding = 0x1p-24 * static_cast<double>(p.k + 1) * magnitude;
      REQUIRE(std::fabs(double{data.c_at(i, j)} - exact) <= rounding);
    }
    for (std::size_t j = p.n; j < p.c_row; ++j) {
      CAPTURE(j);
      REQUIRE(data.c_at(i, j) == (j < round_up(p.n, 16) ? 0.0f : Operands::kGuard));
    }
  }
}

// Tiles of every height; blocks of k that are whole, and some that are not.
TEST_CASE("products agree with double precision and leave the gaps between rows alone") {
  constexpr auto kT = View::kTransposed;
  Random random(6);
  constexpr Case kCases[] = {{.m = 1, .n = 16, .k = 1},
                             {.m = 2, .n = 32, .k = 3, .a = kT},
                             {.m = 6, .n = 16, .k = 16},
                             {.m = 7, .n = 48, .k = 50},
                             {.m = 10, .n = 32, .k = 33, .a = kT},
                             {.m = 11, .n = 64, .k = 100},
                             {.m = 13, .n = 112, .k = 300, .a = kT},
                             {.m = 21, .n = 304, .k = 50},
                             {.m = 14, .n = 80, .k = 785},
                             {.m = 100, .n = 304, .k = 321, .a = kT},
                             {.m = 5, .n = 80, .k = 0},
                             {.m = 1, .n = 5, .k = 7, .b = kT},
                             {.m = 2, .n = 21, .k = 1, .b = kT},
                             {.m = 25, .n = 50, .k = 304, .b = kT},
                             {.m = 13, .n = 300, .k = 786, .b = kT},
                             {.m = 9, .n = 33, .k = 34, .a = kT, .b = kT},
                             {.m = 3, .n = 17, .k = 0, .b = kT},
                             {.m = 1, .n = 16, .k = 30, .skip_zeros = true},
                             {.m = 64, .n = 112, .k = 425, .skip_zeros = true},
                             {.m = 70, .n = 64, .k = 100, .a = kT, .skip_zeros = true},
                             {.m = 5, .n = 48, .k = 421, .a = kT, .skip_zeros = true},
                             {.m = 7, .n = 32, .k = 0, .skip_zeros = true}};
  for (const Case& of : kCases) {
    for (const std::size_t gap : {std::size_t{0}, std::size_t{16}}) {
      Operands data(of, gap, random);
      for (const Kernels* kernels : with_products()) {
        CAPTURE(std::string(kernels->name));
        CAPTURE(of.m);
        CAPTURE(of.n);
        CAPTURE(of.k);
        data.run(*kernels);
        check_against_double(data);
      }
    }
  }
}

TEST_CASE("a transposed right side is not read behind its end") {
  for (std::size_t k = 1; k <= 9; ++k) {
    for (const std::size_t n : {std::size_t{3}, std::size_t{16}, std::size_t{33}}) {
      GuardedBytes b(n * k * sizeof(float), alignof(float));
      std::fill_n(b.as<float>(), n * k, 1.0f);
      Floats a(k, 1), c(round_up(n, 16));
      for (const Kernels* kernels : with_products()) {
        product_for(kernels->isa)({.a = a.data(),
                                   .a_row = k,
                                   .a_column = 1,
                                   .b = b.as<float>(),
                                   .b_row = 1,
                                   .b_column = k,
                                   .c = c.data(),
                                   .c_row = round_up(n, 16),
                                   .m = 1,
                                   .n = n,
                                   .k = k});
        CHECK(c.all()[n - 1] == static_cast<float>(k));
      }
    }
  }
}

// The product in parts of `rows` and `columns`.
void run_in_parts(const Product& whole, ProductFn product, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < whole.m; i += rows) {
    for (std::size_t j = 0; j < whole.n; j += columns) {
      Product part = whole;
      part.a += i * part.a_row;
      part.b += j * part.b_column;
      part.c += i * part.c_row + j;
      part.m = std::min(rows, whole.m - i);
      part.n = std::min(columns, whole.n - j);
      product(part);
    }
  }
}

TEST_CASE("a product has the same bits however its rows and columns are split") {
  constexpr auto kT = View::kTransposed;
  Random random(7);
  for (const Case& of :
       {Case{.m = 23, .n = 112, .k = 330}, Case{.m = 37, .n = 64, .k = 31, .a = kT},
        Case{.m = 23, .n = 80, .k = 330, .b = kT},
        Case{.m = 23, .n = 112, .k = 230, .skip_zeros = true},
        Case{.m = 37, .n = 64, .k = 40, .a = kT, .skip_zeros = true}}) {
    Operands data(of, 0, random);
    for (const Kernels* kernels : with_products()) {
      CAPTURE(std::string(kernels->name));
      data.run(*kernels);
      const std::vector<float> expected(data.c.all().begin(), data.c.all().end());
      for (std::size_t rows = 1; rows <= 14; ++rows) {
        for (const std::size_t columns : {std::size_t{16}, std::size_t{48}}) {
          CAPTURE(rows);
          CAPTURE(columns);
          std::fill(data.c.all().begin(), data.c.all().end(), Operands::kGuard);
          run_in_parts(data.product, product_for(kernels->isa), rows, columns);
          REQUIRE(data.differences(expected) == 0);
        }
      }
    }
  }
}

TEST_CASE("products are one fused multiply-add a term, in order: the same bits on every ISA") {
  Random random(8);
  for (const Case& of :
       {Case{.m = 29, .n = 80, .k = 701}, Case{.m = 29, .n = 80, .k = 701, .b = View::kTransposed},
        Case{.m = 29, .n = 80, .k = 701, .skip_zeros = true}}) {
    Operands data(of, 0, random);
    for (const Kernels* kernels : with_products()) {
      CAPTURE(std::string(kernels->name));
      data.run(*kernels);
      for (std::size_t i = 0; i < of.m; ++i) {
        for (std::size_t j = 0; j < of.n; ++j) {
          float sum = 0;
          for (std::size_t l = 0; l < of.k; ++l) {
            sum = std::fma(data.a_at(i, l), data.b_at(l, j), sum);
          }
          REQUIRE(data.c_at(i, j) == sum);
        }
      }
    }
  }
}

// Multiply-adds c + a * b of every row and column: products of (c, a) and (1, b).
struct MultiplyAdds {
  static constexpr std::size_t kRows = 64, kColumns = 16;
  float left[2 * kRows];
  alignas(64) float right[2 * kColumns], sums[kRows * kColumns];

  MultiplyAdds() { std::fill_n(right, kColumns, 1.0f); }
  float& c(std::size_t row) { return left[2 * row]; }
  float& a(std::size_t row) { return left[2 * row + 1]; }
  float& b(std::size_t column) { return right[kColumns + column]; }
  float sum(std::size_t row, std::size_t column) const { return sums[row * kColumns + column]; }

  void run(const Kernels& kernels) {
    product_for(kernels.isa)({.a = left,
                              .a_row = 2,
                              .a_column = 1,
                              .b = right,
                              .b_row = kColumns,
                              .c = sums,
                              .c_row = kColumns,
                              .m = kRows,
                              .n = kColumns,
                              .k = 2});
  }
};

// 32-bit Arm's vectors take subnormal numbers for zero.
bool keeps_subnormals([[maybe_unused]] const Kernels& kernels) {
#if defined(__arm__)
  return kernels.isa == Isa::kScalar;
#else
  return true;
#endif
}

// Where an emulated one could round twice: c far from
// a * b or nearly its opposite, and results that are subnormal or too large.
TEST_CASE("a multiply-add is rounded once, whatever the numbers") {
  Random random(11);
  MultiplyAdds all;
  const auto any = [&](int lowest, int highest) {
    return std::ldexp(
               1 + static_cast<float>(random.word() >> (random.between(0, 1) * 11 + 9)) * 0x1p-23f,
               random.between(lowest, highest)) *
           (random.between(0, 1) == 0 ? 1.0f : -1.0f);
  };
  for (int round = 0; round < 300; ++round) {
    const int exponent = round % 3 == 0 ? -70 : round % 3 == 1 ? 0 : 62;  // of a and of b
    for (std::size_t j = 0; j < all.kColumns; ++j) all.b(j) = any(exponent - 5, exponent + 5);
    for (std::size_t i = 0; i < all.kRows; ++i) {
      all.a(i) = any(exponent - 5, exponent + 5);
      const float near = -all.a(i) * all.b(i % all.kColumns);
      all.c(i) = i % 2 == 0
                     ? near
                     : std::ldexp(any(0, 0),
                                  std::clamp(2 * exponent + random.between(-60, 60), -149, 127));
    }
    for (const Kernels* kernels : with_products()) {
      if (exponent == -70 && !keeps_subnormals(*kernels)) continue;
      CAPTURE(std::string(kernels->name));
      all.run(*kernels);
      for (std::size_t i = 0; i < all.kRows; ++i) {
        for (std::size_t j = 0; j < all.kColumns; ++j) {
          const float expected = std::fma(all.a(i), all.b(j), std::fma(all.c(i), 1.0f, 0.0f));
          if (all.sum(i, j) == expected) continue;
          REQUIRE(std::isnan(expected));
          REQUIRE(std::isnan(all.sum(i, j)));
        }
      }
    }
  }
}

// Products of (1 + k 2^-23) and (1 - k 2^-23) are so little below 1 that a double next to a large
// number has no room for the difference: rounded to double first, the sum would lie half way
// between two floats, from where ties go to even. Of four columns one is like that, and subnormal
// with the smallest exponent, or all: no column must hide another.
TEST_CASE("a multiply-add a hair from half way is rounded once") {
  MultiplyAdds all;
  for (const int exponent : {-150, -30, 0, 60}) {  // of half a unit in the last place of the sum
    CAPTURE(exponent);
    const auto scaled = [&](int k) {
      return std::ldexp(1 + static_cast<float>(k) * 0x1p-23f, exponent / 2);
    };
    for (std::size_t i = 0; i < all.kRows; ++i) {
      const float last = static_cast<float>(i / 8 * 0x10001 + i % 2);  // its last bit, odd and even
      all.c(i) = std::ldexp(exponent == -150 ? last : 0x1p23f + last, exponent + 1);
      all.a(i) = scaled(1 + static_cast<int>(i % 8));
    }
    for (std::size_t lane = 0; lane <= 4; ++lane) {  // 4: all
      CAPTURE(lane);
      for (std::size_t j = 0; j < all.kColumns; ++j) {
        const int k = 1 + static_cast<int>(j % 8);
        all.b(j) =
            scaled(-k) * (j < 8 ? 1.0f : -1.0f) * (j % 4 == lane || lane == 4 ? 1.0f : 0x1.8p60f);
      }
      for (const Kernels* kernels : with_products()) {
        if (exponent == -150 && !keeps_subnormals(*kernels)) continue;
        CAPTURE(std::string(kernels->name));
        all.run(*kernels);
        for (std::size_t i = 0; i < all.kRows; ++i) {
          for (std::size_t j = 0; j < all.kColumns; ++j) {
            REQUIRE(all.sum(i, j) == std::fma(all.a(i), all.b(j), all.c(i)));
          }
        }
      }
    }
  }
}

TEST_CASE("terms that are zero in all rows are skipped, whichever way a is stored") {
  Random random(9);
  for (const View view : {View::kPlain, View::kTransposed}) {
    Operands data({.m = 30, .n = 80, .k = 250, .a = view, .skip_zeros = true}, 0, random);
    for (std::size_t l = 0; l < 250; l += 3) {  // Operands made these zero
      std::fill_n(data.b.data() + l * 80, 80, std::numeric_limits<float>::infinity());
    }
    for (const Kernels* kernels : with_products()) {
      if (product_for(kernels->isa) == product_for(Isa::kScalar)) continue;  // leaves nothing out
      CAPTURE(std::string(kernels->name));
      data.run(*kernels);
      std::size_t finite = 0;
      for (const float v : data.c.all()) finite += std::isfinite(v);
      CHECK(finite == data.c.all().size());
    }
  }
}

// A negative product that is too small for an f32 makes -0 of the sum, and a term of zero behind it
// +0: a tile that leaves that term out must end with +0 as well.
TEST_CASE("a sum that underflows is +0 if zeros are skipped, whatever else is in the tile") {
  Random random(10);
  for (std::size_t rows = 1; rows <= 12; ++rows) {
    Operands data({.m = rows, .n = 16, .k = 2, .skip_zeros = true}, 0, random);
    std::fill(data.b.all().begin(), data.b.all().end(), -1e-30f);
    std::fill(data.a.all().begin(), data.a.all().end(), 0.0f);
    for (std::size_t i = 0; i < rows; ++i) data.a_at(i, 0) = 1e-30f;
    data.a_at(rows - 1, 0) = 0;
    for (const Kernels* kernels : with_products()) {
      CAPTURE(std::string(kernels->name));
      data.run(*kernels);
      for (const float v : data.c.all()) {
        CHECK(v == 0);
        CHECK(!std::signbit(v));
      }
    }
  }
}

}  // namespace
