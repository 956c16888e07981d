#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "roofline.hpp"
#include "tools/format/blob.hpp"

namespace picovae::bench {

std::string row_name(Dimensions shape, Task task, Type type, std::size_t batch,
                     const Kernels& kernels, const std::string& contender) {
  return fmt::format("{}/{}/{}/batch:{}/{}/{}", name(shape), name(task), tools::type_name(type),
                     batch, kernels.name, contender);
}

Work work_of(Dimensions shape, Task task, Type type, std::size_t batch, std::size_t copies) {
  const std::size_t bytes = multiply_adds(shape, task) * weight_size(type);
  return {.multiply_adds = static_cast<double>(multiply_adds(shape, task) * batch),
          .weight_bytes = bytes,
          .footprint = bytes * copies};
}

void report(benchmark::State& state, Type type, Isa isa, const Work& work) {
  const bool integer = type == Type::kS8;
  constexpr auto kRate = benchmark::Counter::kIsIterationInvariantRate;
  const double operations = 2 * work.multiply_adds;
  const auto bytes = static_cast<double>(work.weight_bytes);
  state.counters[integer ? "OP" : "FLOP"] = {operations, kRate};
  state.counters["bytes"] = {bytes, kRate};
  if (type == Type::kBf16 && isa == Isa::kAvx512Bf16) return;  // no probe has that peak
  Roofline* roofline = find_roofline(isa);
  if (roofline == nullptr) return;
  const double peak = integer ? roofline->dots() : roofline->multiply_adds();
  const double limit = std::max(operations / peak, bytes / roofline->bandwidth(work.footprint));
  state.counters["limit_us"] = limit * 1e6;
  state.counters["of_limit"] = {limit, kRate};
}

int run_benchmarks(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  return benchmark::RunSpecifiedBenchmarks() == 0 ? 1 : 0;
}

bool skip_missing(benchmark::State& state, Isa isa, const char* name) {
  if (machine_runs(isa)) return false;
  state.SkipWithError((std::string{name} + ": this machine lacks it").c_str());
  return true;
}

}  // namespace picovae::bench
