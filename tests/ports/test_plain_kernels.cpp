// The boards' cases on hosts: for the kernels in plain C++, and for the
// reference, which shows that the cases are right.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>

#include "board/plain_s4.hpp"
#include "board/rv32.hpp"
#include "tests/ports/kernel_cases.hpp"

namespace {

using namespace picovae;

template <typename Report>
int failures(const Kernels& kernels, Report report) {
  return std::make_unique<tests::KernelCases>()->run(kernels, report);
}

void show(const tests::KernelCase& c) {
  MESSAGE("in " << c.in << ", out " << c.out << ", rows " << int{c.rows} << ", wide " << c.wide
                << ", s4 " << c.s4 << ", greatest " << int{c.greatest} << ", activation "
                << static_cast<int>(c.activation));
}

void ignore(const tests::KernelCase&) {}

TEST_CASE("the boards' cases hold for the reference") {
  CHECK(failures(kScalarKernels, show) == 0);
}

// Its table is built for that core only.
constexpr Kernels kRv32 = {
    .isa = Isa::kRv32,
    .name = "rv32",
    .layout = Layout::kCortexM,
    .s8 = board::dense_for<board::Rv32, board::PlainS4Panels<board::Rv32>>()};

TEST_CASE("the kernels of RISC-V equal the reference bit for bit") {
  CHECK(failures(kRv32, show) == 0);
}

TEST_CASE("RISC-V saturates as the reference does, whatever the 32 bits") {
  for (const std::int64_t power : {15, 16, 29, 30, 31, 32}) {
    for (std::int64_t near = -3; near <= 3; ++near) {
      for (const int sign : {1, -1}) {
        const auto v = static_cast<std::int32_t>(((std::int64_t{1} << power) + near) * sign);
        CHECK(board::Rv32::saturate16(v) == saturate16(v));
      }
    }
  }
}

TEST_CASE("the plain kernels equal the reference bit for bit") {
  CHECK(failures(kSmallKernels, show) == 0);
}

TEST_CASE("the boards' cases find a wrong rounding, a missing output and a swapped layout") {
  Kernels wrong = kSmallKernels;
  wrong.s8 = [](const Dense& layer, const void* x, std::size_t x_stride, void* y,
                std::size_t y_stride, std::size_t rows) {
    Dense other = layer;
    if (other.out > 1) --other.out;
    kSmallKernels.s8(other, x, x_stride, y, y_stride, rows);
  };
  CHECK(failures(wrong, ignore) > 0);
  wrong.s8 = [](const Dense& layer, const void* x, std::size_t x_stride, void* y,
                std::size_t y_stride, std::size_t rows) {
    Dense other = layer;
    if (other.post_shift > 0) --other.post_shift;
    kSmallKernels.s8(other, x, x_stride, y, y_stride, rows);
  };
  CHECK(failures(wrong, ignore) > 0);
  wrong = kSmallKernels;
  wrong.layout = Layout::kHost;
  CHECK(failures(wrong, ignore) > 0);
}

}  // namespace
