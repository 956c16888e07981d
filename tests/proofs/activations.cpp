// The activations over every 16-bit argument and every rescale. greatest is 255 here: that it is
// the least of two numbers and no more, by_z3.py shows.
#include <cmath>

#include "engine/src/board/plain.hpp"
#include "requantize.hpp"
#include "tests/proofs/exhaustive.hpp"

using namespace picovae;
using board::PlainCore;
using proofs::require;

namespace {

constexpr std::int32_t kLowest = -32768, kHighest = 32767;

double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }

void check_tails() {
  for (std::int32_t a = 0; a <= kTailEnd; ++a) {
    const double s = 256 * std::log1p(std::exp(-a / 128.0)), p = 255 / (1 + std::exp(a / 128.0));
    require(std::fabs(softplus_tail(a) - s) < 0.71, "the softplus tail is within 0.71", a);
    require(std::fabs(sigmoid_tail(a) - p) < 0.75, "the sigmoid tail is within 0.75", a);
    require(softplus_tail(a) >= 0 && softplus_tail(a) <= 178, "the softplus tail is 0..178", a);
    require(sigmoid_tail(a) >= 0 && sigmoid_tail(a) <= 128, "the sigmoid tail is 0..128", a);
    require(PlainCore::softplus_tail(a) == softplus_tail(a), "a board's softplus table", a);
    require(PlainCore::sigmoid_tail(a) == sigmoid_tail(a), "a board's sigmoid table", a);
  }
}

void check_sigmoid() {
  int before = 0;
  for (std::int32_t t = kLowest; t <= kHighest; ++t) {
    const int pixel = sigmoid_u8(t, sigmoid_tail);
    const double exact = 255 / (1 + std::exp(-t / 128.0));
    require(std::fabs(pixel - exact) < 0.75, "the sigmoid is within 0.75", t);
    require(pixel >= before, "the sigmoid rises", t);
    before = pixel;
  }
}

// Of one rescale, each t.
void check_hidden(std::int32_t rescale, const double* exact) {
  int before = 0, before_relu = 0;
  for (std::int32_t t = kLowest; t <= kHighest; ++t) {
    const int unit = softplus_u8(t, rescale, 255, softplus_tail);
    const int relu = relu_u8(t, rescale, 255);
    require(unit >= before, "softplus rises", t, rescale);
    require(relu >= before_relu, "ReLU rises", t, rescale);
    // In units of the result. Half of one is its rounding; the value was off by 0.71 of 256ths.
    const double scale = rescale / 32768.0;
    const double wanted = std::fmin(exact[t - kLowest] * scale, 255);
    require(std::fabs(unit - wanted) <= 0.5 + 0.71 * scale, "softplus is within its bound", t,
            rescale);
    const double line = std::fmin(2.0 * std::fmin(std::fmax(t, 0), 16383) * scale, 255);
    require(std::fabs(relu - line) <= 0.5, "ReLU is within a half", t, rescale);
    before = unit;
    before_relu = relu;
  }
}

}  // namespace

int main(int count, char** arguments) {
  check_tails();
  check_sigmoid();
  // Softplus in Q.8. From 128 on the value stands still: the format has no room for more.
  std::vector<double> exact(65536);
  for (std::int32_t t = kLowest; t <= kHighest; ++t) {
    const double value = 256 * softplus(std::fmin(t, 16383) / 128.0);
    exact[static_cast<std::size_t>(t - kLowest)] = std::fmin(value, 32767);
  }
  proofs::for_all(proofs::threads_of(count, arguments), kMaxRescale, [&](std::uint64_t i) {
    check_hidden(static_cast<std::int32_t>(i) + 1, exact.data());
  });
  proofs::passed("softplus, ReLU, sigmoid", 65536.0 * kMaxRescale);
}
