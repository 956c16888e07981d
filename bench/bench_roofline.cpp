// The limits of one core, ISA by ISA: f32 multiply-adds, s8 dot products, and reading from
// each level of memory. Other benchmarks are compared with `best`.
//   bench_roofline --benchmark_filter=avx2
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "probe.hpp"
#include "report.hpp"
#include "roofline.hpp"

namespace {

using namespace picovae::bench;

constexpr std::size_t kRounds = 1000;

void set_rate(benchmark::State& state, const char* unit, double each, double best) {
  state.counters[unit] = benchmark::Counter(each, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["best"] = best;
}

void multiply_add(benchmark::State& state, const Probe& probe) {
  alignas(64) float data[kProbeData];
  std::fill_n(data, kProbeData, 0.5f);
  for (auto _ : state) probe.multiply_add(data, kRounds);
  set_rate(state, "FLOP", probe.multiply_add_operations * kRounds,
           find_roofline(probe.isa)->multiply_adds());
}

void dot(benchmark::State& state, const Probe& probe) {
  alignas(64) std::uint8_t inputs[kProbeData] = {};
  alignas(64) std::int8_t weights[kProbeData] = {};
  alignas(64) std::int32_t sums[kProbeData];
  for (auto _ : state) probe.dot(inputs, weights, sums, kRounds);
  set_rate(state, "OP", probe.dot_operations * kRounds, find_roofline(probe.isa)->dots());
}

void read(benchmark::State& state, const Probe& probe, const Level& level) {
  const std::size_t bytes = level.bytes / kReadUnit * kReadUnit;
  const Buffer buffer(bytes);
  alignas(64) float seen[kProbeData];
  for (auto _ : state) probe.read(buffer.data(), bytes, seen);
  set_rate(state, "bytes", static_cast<double>(bytes), find_roofline(probe.isa)->bandwidth(bytes));
}

template <typename Run>
void add(const std::string& name, const Probe& probe, Run run) {
  benchmark::RegisterBenchmark((name + "/" + probe.name).c_str(),
                               [&probe, run](benchmark::State& state) {
                                 if (!skip_missing(state, probe.isa, probe.name)) run(state, probe);
                               });
}

}  // namespace

int main(int argc, char** argv) {
  for (const Probe* probe : built_probes()) {
    add("multiply_add/f32", *probe, multiply_add);
    add("dot/s8", *probe, dot);
    for (const Level& level : levels()) {
      add(std::string{"read/"} + level.name, *probe,
          [level](benchmark::State& state, const Probe& p) { read(state, p, level); });
    }
  }
  return run_benchmarks(argc, argv);
}
