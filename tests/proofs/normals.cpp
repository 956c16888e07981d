// Normals of every uniform word: range, symmetry, order, and the distribution itself, counted and
// not sampled. The loop that RISC-V without Zbb has for the leading zeros is what runs here.
#include <array>
#include <bit>
#include <cmath>

#include "picovae/standard.hpp"
#include "tests/proofs/exhaustive.hpp"

#define __riscv 32  // NOLINT
#include "picovae/random.hpp"
#undef __riscv

using proofs::require;

namespace {

constexpr std::int32_t kLargest = 4428;
constexpr std::uint32_t kPart = 1 << 16;
using Counts = std::array<std::int64_t, kLargest + 1>;

// Words of sign 0 from `first` on.
void check_part(std::uint32_t first, Counts& counts) {
  std::int32_t before = first == 0 ? kLargest : picovae::normal_from_bits(first - 1);
  for (std::uint32_t word = first; word < first + kPart; ++word) {
    const std::int32_t value = picovae::normal_from_bits(word);
    require(value >= 0 && value <= kLargest, "0..4428 if the sign bit is 0", word);
    require(picovae::normal_from_bits(word | 1u << 31) == -value, "the sign bit is the sign", word);
    require(value == before || value == before - 1, "falls in steps of one", word, before);
    if (word >= kPart / 2) {
      require(picovae::detail::octave_of(word) == std::countl_zero(word) - 1, "octave", word);
    }
    before = value;
    ++counts[static_cast<std::size_t>(value)];
  }
}

}  // namespace

int main(int count, char** arguments) {
  Counts counts{};
  std::mutex mutex;
  proofs::for_all(proofs::threads_of(count, arguments), (1u << 31) / kPart, [&](std::uint64_t i) {
    Counts part{};
    check_part(static_cast<std::uint32_t>(i) * kPart, part);
    const std::lock_guard lock(mutex);
    for (std::size_t value = 0; value < counts.size(); ++value) counts[value] += part[value];
  });
  // Of |x|: its distribution function just before and at every value, and its even moments.
  double distance = 0, variance = 0, fourth = 0;
  std::int64_t below = 0;
  for (std::size_t value = 0; value < counts.size(); ++value) {
    const double x = static_cast<double>(value) / 1024;
    const double exact = std::erf(x / std::sqrt(2.0)), all = 2147483648.0;
    distance = std::fmax(distance, std::fabs(static_cast<double>(below) / all - exact) / 2);
    below += counts[value];
    distance = std::fmax(distance, std::fabs(static_cast<double>(below) / all - exact) / 2);
    variance += static_cast<double>(counts[value]) / all * x * x;
    fourth += static_cast<double>(counts[value]) / all * x * x * x * x;
  }
  require(below == std::int64_t{1} << 31, "all words", below);
  const double kurtosis = fourth / (variance * variance);
  std::printf("variance %.6f, kurtosis %.5f, distance %.6f\n", variance, kurtosis, distance);
  require(std::fabs(variance - 0.99993) < 5e-6, "variance 0.99993");
  require(std::fabs(kurtosis - 2.999) < 5e-4, "kurtosis 2.999");
  require(distance < 0.0004, "Kolmogorov-Smirnov distance below 0.0004");
  proofs::passed("normals", 4294967296.0);
}
