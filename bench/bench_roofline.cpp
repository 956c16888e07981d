// What one core can do at most, ISA by ISA: f32 multiply-adds, s8 dot products, and reading from
// each level of memory. `best` is the figure that other benchmarks are measured against.
//   bench_roofline --benchmark_filter=avx2
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "probe.hpp"
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
void add(const std::string& name, const BuiltProbe& built, Run run) {
  const Probe& probe = *built.probe;
  benchmark::RegisterBenchmark((name + "/" + probe.isa).c_str(),
                               [&probe, runs = built.runs, run](benchmark::State& state) {
                                 if (runs) return run(state, probe);
                                 const std::string isa = probe.isa;
                                 state.SkipWithError((isa + ": this machine lacks it").c_str());
                               });
}

}  // namespace

int main(int argc, char** argv) {
  for (const BuiltProbe& built : built_probes()) {
    add("multiply_add/f32", built, multiply_add);
    add("dot/s8", built, dot);
    for (const Level& level : levels()) {
      add(std::string{"read/"} + level.name, built,
          [level](benchmark::State& state, const Probe& probe) { read(state, probe, level); });
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
