// Steps of Adam by every table of vector operations.
#include "tools/train/adam.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "picovae/kernels.hpp"
#include "tools/base/aligned.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

// Calls check(ops) for every table that this machine runs.
template <typename Check>
void for_each_table(Check check) {
  for (const Kernels* kernels : built_kernels()) {
    if (!machine_runs(kernels->isa)) continue;
    CAPTURE(kernels->name);
    check(vector_ops(kernels->isa));
  }
}

// alpha = 0.1, gradients 2 and then -1, worked by hand:
//   t = 1: mean 0.2 -> 2, square 0.004 -> 4, so the weight falls by 0.1 * 2 / 2
//   t = 2: mean 0.08 -> 0.08 / 0.19, square 0.004996 -> 0.004996 / 0.001999
TEST_CASE("two steps of Adam") {
  for_each_table([](const VectorOps& ops) {
    AlignedFloats g(16), m(16), v(16), w(16);
    for (std::size_t i = 0; i < 8; ++i) {  // the others have no gradient and stay
      g.data()[i] = 2;
      w.data()[i] = 1;
    }
    ops.adam(adam_step({.alpha = 0.1}, 1), g.data(), m.data(), v.data(), w.data(), 16);
    CHECK(w.data()[0] == doctest::Approx(0.9).epsilon(1e-6));
    CHECK(m.data()[0] == doctest::Approx(0.2).epsilon(1e-6));
    CHECK(v.data()[0] == doctest::Approx(0.004).epsilon(1e-5));
    for (std::size_t i = 0; i < 8; ++i) g.data()[i] = -1;
    ops.adam(adam_step({.alpha = 0.1}, 2), g.data(), m.data(), v.data(), w.data(), 16);
    CHECK(w.data()[0] == doctest::Approx(0.9 - 0.0266337).epsilon(1e-6));
    CHECK(w.data()[7] == w.data()[0]);
    CHECK(w.data()[8] == 0);
  });
}

TEST_CASE("Adam's epsilon bounds the step of a tiny gradient") {
  for_each_table([](const VectorOps& ops) {
    AlignedFloats g(16), m(16), v(16), w(16);
    g.data()[0] = 1e-8f;  // half the step: 1e-8 / (1e-8 + epsilon)
    g.data()[1] = 1e-33f;
    ops.adam(adam_step({.alpha = 0.1}, 1), g.data(), m.data(), v.data(), w.data(), 16);
    CHECK(w.data()[0] == doctest::Approx(-0.05).epsilon(1e-4));
    CHECK(std::fabs(w.data()[1]) < 1e-20);
  });
}

}  // namespace
