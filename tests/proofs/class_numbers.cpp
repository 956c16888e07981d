// What the class fit stores, of every finite float: means and factors in range and the nearest
// there is, and a shift that the section may have. Such numbers are all that a fit can give:
// fit_classes refuses others (pivots in by_z3.py).
#include <bit>
#include <cmath>

#include "tests/proofs/exhaustive.hpp"
#include "tools/base/cholesky.hpp"
#include "tools/format/class_gaussians.cpp"

using namespace picovae;
using proofs::require;

namespace {

void check(float value, std::uint32_t bits) {
  const double real = value;
  const double mean = std::fmin(std::fmax(real * 1024, -kMaxLatent), kMaxLatent);
  require(std::fabs(tools::rounded<std::int16_t>(value, kNormalBits, kMaxLatent) - mean) <= 0.5,
          "the nearest mean within +-8191", bits);
  const int shift = tools::choose_shift({&value, 1});
  require(shift >= 1 && shift <= 7 && shift <= kMaxClassShift, "a legal shift", bits, shift);
  const double scaled = std::ldexp(real, shift);
  const double factor = std::fmin(std::fmax(scaled, -127), 127);
  require(std::fabs(tools::rounded<std::int8_t>(value, shift, 127) - factor) <= 0.5,
          "the nearest factor within +-127", bits);
  require(shift == 1 || std::fabs(scaled) <= 127.5, "only the least shift clips", bits);
  require(shift == 7 || std::fabs(scaled) >= 63, "no bit is wasted", bits);
}

// A pivot of every sign and exponent, with the ends of its fraction: what by_z3.py shows of the
// formula is so of the code.
void check_pivots() {
  for (std::uint64_t high = 0; high < 65536; ++high) {
    for (const std::uint64_t low : {0ull, 1ull, (1ull << 48) - 1}) {
      const auto pivot = std::bit_cast<double>(high << 48 | low);
      double diagonal = pivot;
      tools::cholesky({&diagonal, 1}, 1);
      require(std::isfinite(diagonal) == (std::isfinite(pivot) && pivot > 0),
              "the fit is finite if and only if its pivot is positive", static_cast<int>(high));
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  check_pivots();
  proofs::for_all(proofs::threads_of(count, arguments), 65536, [](std::uint64_t i) {
    const auto high = static_cast<std::uint32_t>(i * 40503 % 65536);  // every exponent soon
    for (std::uint32_t low = 0; low < 65536; ++low) {
      const std::uint32_t bits = high << 16 | low;
      const auto value = std::bit_cast<float>(bits);
      if (std::isfinite(value)) check(value, bits);
    }
  });
  proofs::passed("class numbers", 4278190080.0);
}
