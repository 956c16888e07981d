#include "tools/train/eigenvectors.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tools/base/aligned.hpp"

namespace picovae::tools {
namespace {

// Sums run over eight lanes, and these are added in a fixed order: the bits do not depend on how
// many lanes a machine has.
constexpr std::size_t kLanes = 8;
static_assert(kPerLine<double> % kLanes == 0);

// Two doubles: what every desktop has vectors for.
using Two = double __attribute__((vector_size(16)));

Two load(const double* from) {
  Two v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
void store(double* to, Two v) { std::memcpy(to, &v, sizeof v); }

struct Lanes {
  Two a{}, b{}, c{}, d{};

  void add_products(const double* x, const double* y) {
    a += load(x) * load(y);
    b += load(x + 2) * load(y + 2);
    c += load(x + 4) * load(y + 4);
    d += load(x + 6) * load(y + 6);
  }
  double sum() const {
    const Two two = (a + b) + (c + d);
    return two[0] + two[1];
  }
};

// Of the first n, rounded up to whole groups of lanes.
double dot(const double* x, const double* y, std::size_t n) {
  Lanes lanes;
  for (std::size_t i = 0; i < n; i += kLanes) lanes.add_products(x + i, y + i);
  return lanes.sum();
}

// A = Q T Q^T, T tridiagonal. Q is a product of Householder's reflections (1958), H[n-1] ... H[1],
// H[i] = 1 - v v^T / half_square, of which the i-th changes the first i components.
struct Tridiagonal {
  std::vector<double> diagonal, beside;  // T: [n], [n - 1 used]
  AlignedRows<double> reflectors;        // row i: v of H[i], then zeros
  std::vector<double> half_squares;      // of the length of v; 0: H[i] = 1
};

// product = A v of the first n rows and columns, each element below the diagonal used for both
// triangles. Padding of v is zero, too.
void multiply(const Tridiagonal& t, std::size_t n, const double* v, double* product) {
  std::fill_n(product, round_up(n, kLanes), 0.0);
  for (std::size_t row = 0; row < n; ++row) {
    const double* a = t.reflectors.row(row);
    const Two here{v[row], v[row]};
    Lanes lanes;
    for (std::size_t i = 0; i < row; i += kLanes) {
      lanes.add_products(a + i, v + i);
      for (std::size_t j = i; j < i + kLanes; j += 2) {
        store(product + j, load(product + j) + load(a + j) * here);
      }
    }
    product[row] += lanes.sum() + t.diagonal[row] * v[row];
  }
}

// A -= v w^T + w v^T, of the first n rows and columns.
void subtract_both(Tridiagonal& t, std::size_t n, const double* v, const double* w) {
  for (std::size_t row = 0; row < n; ++row) {
    double* a = t.reflectors.row(row);
    const Two v_here{v[row], v[row]}, w_here{w[row], w[row]};
    const std::size_t whole = round_up(row, kLanes);
    for (std::size_t i = 0; i < whole; i += 2) {
      store(a + i, load(a + i) - (load(w + i) * v_here + load(v + i) * w_here));
    }
    std::fill(a + row, a + whole, 0.0);
    t.diagonal[row] -= 2 * v[row] * w[row];
  }
}

// The rows of A below the diagonal become the reflectors, from the last one up.
Tridiagonal tridiagonal(const float* matrix, std::size_t n, std::size_t stride) {
  Tridiagonal t{std::vector<double>(n), std::vector<double>(n), AlignedRows<double>(n, n),
                std::vector<double>(n)};
  for (std::size_t row = 0; row < n; ++row) {
    std::copy_n(matrix + row * stride, row, t.reflectors.row(row));
    t.diagonal[row] = matrix[row * stride + row];
  }
  AlignedVector<double> w(round_up(n, kLanes));
  for (std::size_t i = n; i-- > 1;) {
    double* v = t.reflectors.row(i);
    // The squares of floats are far from underflow.
    const double square = dot(v, v, i);
    const double last = v[i - 1];
    const double length = std::sqrt(square);
    const double image = last > 0 ? -length : length;  // H v = (0, .., 0, image)
    const double half_square = square - image * last;
    t.beside[i - 1] = image;
    t.half_squares[i] = half_square;
    if (!(half_square > 0)) continue;
    v[i - 1] -= image;
    multiply(t, i, v, w.data());
    const double scale = 1 / half_square;
    const double share = 0.5 * scale * scale * dot(v, w.data(), i);
    for (std::size_t j = 0; j < i; ++j) w[j] = scale * w[j] - share * v[j];
    subtract_both(t, i, v, w.data());
  }
  return t;
}

// Q^T, in whose rows the eigenvectors will be.
AlignedRows<double> transformation(const Tridiagonal& t) {
  const std::size_t n = t.diagonal.size();
  AlignedRows<double> q(n, n);
  for (std::size_t row = 0; row < n; ++row) {
    double* x = q.row(row);
    x[row] = 1;
    for (std::size_t i = row + 1; i < n; ++i) {
      if (!(t.half_squares[i] > 0)) continue;
      const double* v = t.reflectors.row(i);
      const double share = dot(x, v, i) / t.half_squares[i];
      const Two shares{share, share};
      const std::size_t whole = round_up(i, kLanes);
      for (std::size_t j = 0; j < whole; j += 2) {
        store(x + j, load(x + j) - load(v + j) * shares);
      }
    }
  }
  return q;
}

struct PlaneRotation {
  double cosine, sine;
};

// Rotations of rows last and last - 1, last - 1 and last - 2, and so on to first.
struct Sweep {
  std::size_t first, last;
  std::size_t rotations;  // where they are
};

// Makes T diagonal by implicit QL steps (Francis 1961, with Wilkinson's shift), and notes the
// rotations: they do not depend on the vectors that they turn.
class Diagonalization {
 public:
  explicit Diagonalization(Tridiagonal& t) : d_(t.diagonal), e_(t.beside) {
    // A step or two are usual for a value; the limit is for what is not finite.
    std::size_t steps = 30 * d_.size();
    for (std::size_t first = 0; first + 1 < d_.size() && steps > 0;) {
      if (is_split(first)) {
        ++first;
        continue;
      }
      std::size_t last = first + 1;
      while (last + 1 < d_.size() && !is_split(last)) ++last;
      step(first, last);
      --steps;
    }
  }

  // Turns the columns of `rows`, eight at a time: as a block of their own they stay in the fastest
  // cache.
  void turn(AlignedRows<double>& rows) const {
    AlignedVector<double> block(rows.rows() * kLanes);
    for (std::size_t column = 0; column < rows.stride(); column += kLanes) {
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        std::copy_n(rows.row(row) + column, kLanes, block.data() + row * kLanes);
      }
      for (const Sweep& sweep : sweeps_) turn_block(block.data(), sweep);
      for (std::size_t row = 0; row < rows.rows(); ++row) {
        std::copy_n(block.data() + row * kLanes, kLanes, rows.row(row) + column);
      }
    }
  }

 private:
  // Whether rows up to `row` and those behind have nothing to do with each other, but for what is
  // far below the rounding of f32.
  bool is_split(std::size_t row) const {
    return std::fabs(e_[row]) <= 0x1p-40 * (std::fabs(d_[row]) + std::fabs(d_[row + 1]));
  }

  void step(std::size_t first, std::size_t last) {
    sweeps_.push_back({first, last, rotations_.size()});
    const double half = 0.5 * (d_[first + 1] - d_[first]);
    const double square = e_[first] * e_[first];
    const double root = std::sqrt(half * half + square);
    const double shift = d_[first] - square / (half + (half < 0 ? -root : root));
    double x = d_[last] - shift;
    double bulge = e_[last - 1];
    for (std::size_t i = last; i > first; --i) {
      const double length = std::sqrt(x * x + bulge * bulge);
      const double inverse = length > 0 ? 1 / length : 0;
      const double c = length > 0 ? x * inverse : 1;
      const double s = bulge * inverse;
      rotations_.push_back({c, s});
      if (i < last) e_[i] = length;
      const double u = s * (d_[i - 1] - d_[i]) + 2 * c * e_[i - 1];
      d_[i] += s * u;
      d_[i - 1] -= s * u;
      e_[i - 1] = c * u - e_[i - 1];
      x = e_[i - 1];
      if (i - 1 > first) {
        bulge = s * e_[i - 2];
        e_[i - 2] *= c;
      }
    }
  }

  // block [n][kLanes]
  void turn_block(double* block, const Sweep& sweep) const {
    double* here = block + sweep.last * kLanes;
    const PlaneRotation* rotation = rotations_.data() + sweep.rotations;
    Two turned[kLanes / 2];
    for (std::size_t i = 0; i < kLanes / 2; ++i) turned[i] = load(here + 2 * i);
    for (std::size_t row = sweep.last; row > sweep.first; --row, ++rotation) {
      double* next = here - kLanes;
      const Two c{rotation->cosine, rotation->cosine}, s{rotation->sine, rotation->sine};
      for (std::size_t i = 0; i < kLanes / 2; ++i) {
        const Two other = load(next + 2 * i);
        store(here + 2 * i, c * turned[i] + s * other);
        turned[i] = c * other - s * turned[i];
      }
      here = next;
    }
    for (std::size_t i = 0; i < kLanes / 2; ++i) store(here + 2 * i, turned[i]);
  }

  std::vector<double>& d_;
  std::vector<double>& e_;
  std::vector<PlaneRotation> rotations_;
  std::vector<Sweep> sweeps_;
};

}  // namespace

std::vector<double> eigenvectors(const float* matrix, std::size_t n, std::size_t stride,
                                 float* vectors) {
  Tridiagonal t = tridiagonal(matrix, n, stride);
  AlignedRows<double> q = transformation(t);
  const Diagonalization diagonalization(t);
  diagonalization.turn(q);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      vectors[i * stride + j] = static_cast<float>(q.row(i)[j]);
    }
  }
  return t.diagonal;
}

}  // namespace picovae::tools
