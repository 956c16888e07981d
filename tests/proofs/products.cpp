// multiply_q15 over every pair of s16: the product in Q.15, rounded half up. It fits s16, as vector
// instructions need, unless both are -32768.
#include "requantize.hpp"
#include "tests/proofs/exhaustive.hpp"

using proofs::require;

int main(int count, char** arguments) {
  proofs::for_all(proofs::threads_of(count, arguments), 65536, [](std::uint64_t i) {
    const auto a = static_cast<std::int32_t>(i) - 32768;
    for (std::int32_t b = -32768; b <= 32767; ++b) {
      const std::int64_t twice = 2 * std::int64_t{picovae::multiply_q15(a, b)};
      const std::int64_t off = twice * 32768 - 2 * std::int64_t{a} * b;  // 2^16 is a unit
      require(off > -32768 && off <= 32768, "the nearest, halves up", a, b);
      require(twice < 65536 || a + b == -65536, "it fits s16", a, b);
    }
  });
  proofs::passed("products in Q.15", 65536.0 * 65536);
}
