#include "report.hpp"

#include <algorithm>

#include "roofline.hpp"

namespace picovae::bench {

Work work_of(Task task, const WeightType& type, std::size_t batch, std::size_t copies) {
  const std::size_t bytes = multiply_adds(task) * type.bytes;
  return {.multiply_adds = static_cast<double>(multiply_adds(task) * batch),
          .weight_bytes = bytes,
          .footprint = bytes * copies};
}

void report(benchmark::State& state, const WeightType& type, const char* isa, const Work& work) {
  constexpr auto kRate = benchmark::Counter::kIsIterationInvariantRate;
  const double operations = 2 * work.multiply_adds;
  const auto bytes = static_cast<double>(work.weight_bytes);
  state.counters[type.integer ? "OP" : "FLOP"] = {operations, kRate};
  state.counters["bytes"] = {bytes, kRate};
  Roofline* roofline = find_roofline(isa);
  if (roofline == nullptr) return;
  const double peak = type.integer ? roofline->dots() : roofline->multiply_adds();
  const double limit = std::max(operations / peak, bytes / roofline->bandwidth(work.footprint));
  state.counters["limit_us"] = limit * 1e6;
  state.counters["of_limit"] = {limit, kRate};
}

bool skip_missing(benchmark::State& state, const Kernels& kernels) {
  if (machine_runs(kernels.isa)) return false;
  state.SkipWithError((std::string{kernels.name} + ": this machine lacks it").c_str());
  return true;
}

}  // namespace picovae::bench
