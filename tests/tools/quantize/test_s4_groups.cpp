#include "tools/quantize/s4_groups.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/s4.hpp"
#include "tests/engine/random_models.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

constexpr std::size_t kIn = 70;  // three groups, the last of 6

Moments independent_inputs() {
  Moments moments{kIn, 1, {}, {}, std::vector<double>(kIn * kIn), {}};
  for (std::size_t i = 0; i < kIn; ++i) moments.covariance[i * kIn + i] = 100;
  return moments;
}

}  // namespace

TEST_CASE("rows that 4 bits can hold are held") {
  Dice dice(1);
  const std::vector<std::uint8_t> scales = {1, 15, 7};
  for (int turn = 0; turn < 50; ++turn) {
    std::vector<double> weight;
    for (std::size_t k = 0; k < kIn; ++k) {
      // -8 and 7 in each group leave no other scale.
      const int q = k % kS4Group == 0 ? -8 : k % kS4Group == 1 ? 7 : dice.between(-8, 7);
      weight.push_back(0.25 * scales[k / kS4Group] * q);
    }
    std::vector<std::uint8_t> groups(3);
    CHECK(S4Groups(independent_inputs()).choose(weight, 0.25, groups) < 1e-20);
    CHECK(groups == scales);
    CHECK(S4Groups(independent_inputs()).best_scale(weight) == doctest::Approx(0.25));
  }
}

TEST_CASE("a scale is the one of least error, which inputs of large variance decide") {
  Moments moments = independent_inputs();
  std::vector<double> weight(kIn);
  weight[3] = 16;  // 8 is too much: 7 times 2 is 14, 6 times 3 is 18, 5 or 4 times 4 are 20 or 16
  weight[4] = 2.9;
  std::vector<std::uint8_t> groups(3);
  S4Groups(moments).choose(weight, 1.0, groups);
  CHECK(groups[0] == 3);  // errors of 1 and 0.1; 4 would have 0 and 1.1
  moments.covariance[3 * kIn + 3] = 10'000;
  S4Groups(moments).choose(weight, 1.0, groups);
  CHECK(groups[0] == 4);
}

TEST_CASE("a row of zeros has a scale") {
  const std::vector<double> weight(kIn);
  CHECK(S4Groups(independent_inputs()).best_scale(weight) > 0);
}
