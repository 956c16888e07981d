// The figures beside a time: rates, and the share of the limit.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>

#include "models.hpp"
#include "picovae/kernels.hpp"

namespace picovae::bench {

// The name of a row of the forward pass: 784-300-300-50/decode/f32/batch:1/avx2/picovae.
std::string row_name(Dimensions shape, Task task, Type type, std::size_t batch,
                     const Kernels& kernels, const std::string& contender);

// Work of one iteration.
struct Work {
  double multiply_adds;
  std::size_t weight_bytes;  // read once, however many images there are
  std::size_t footprint;     // bytes in use over many iterations: says from which memory they come
};

// The work of a task on the weights of `copies` models in turn.
Work work_of(Dimensions shape, Task task, Type type, std::size_t batch, std::size_t copies = 1);

// Sets the counters of a benchmark that has run:
//   FLOP or OP  operations a second; a multiply-add is two
//   bytes       of weights a second
//   limit_us    the fewest microseconds that one core could need with this ISA's instructions: the
//               operations at its peak or the bytes at its bandwidth, the longer of the two
//   of_limit    limit_us divided by the measured time
void report(benchmark::State& state, Type type, Isa isa, const Work& work);

// What main() ends with: runs the benchmarks that --benchmark_filter names, and returns 1 if there
// are none, which the library says in a line.
int run_benchmarks(int argc, char** argv);

// Skips a benchmark whose ISA this machine lacks, by name.
bool skip_missing(benchmark::State& state, Isa isa, const char* name);

}  // namespace picovae::bench
