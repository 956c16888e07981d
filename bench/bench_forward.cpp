// The forward pass in time: encode, decode and forward, by weight type, ISA and batch; with weights
// that stay in the nearest cache that holds them (warm), and with weights from the L3 cache or from
// DRAM: so many models take turns that no nearer cache holds them.
//   bench_forward --benchmark_filter=decode/s8
// An ISA that this machine lacks is skipped by name.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contender.hpp"
#include "models.hpp"
#include "report.hpp"
#include "roofline.hpp"
#include "tools/format/blob.hpp"

namespace {

using namespace picovae;
using namespace picovae::bench;

// Equal models of one type, as many as any benchmark needed so far. Only one type is kept at a
// time: the models take several times the size of the last cache.
std::span<const tools::BlobBytes> copies(Type type, std::size_t count) {
  static std::vector<tools::BlobBytes> models;
  static Type type_of_models{};
  if (models.empty() || type_of_models != type) {
    models = {subject().pack(type)};
    type_of_models = type;
  }
  models.reserve(count);
  while (models.size() < count) models.push_back(models.front());
  return std::span{models}.first(count);
}

// Which memory the weights come from, given how many bytes of them are in use. None: one model.
struct Origin {
  std::string contender;
  std::size_t bytes = 0;
};

std::vector<Origin> origins() {
  std::vector<Origin> result = {{"picovae"}};
  for (const Level& level : levels()) {
    const std::string_view name = level.name;
    if (name == "L3" || name == "DRAM")
      result.push_back({"picovae_from_" + std::string{name}, level.bytes});
  }
  return result;
}

void run(benchmark::State& state, Task task, Type type, std::size_t batch, const Kernels& kernels,
         const Origin& origin) {
  if (skip_missing(state, kernels.isa, kernels.name)) return;
  const std::size_t model = multiply_adds(kDefaultShape, task) * weight_size(type);
  const std::size_t count = std::max((origin.bytes + model - 1) / model, std::size_t{1});
  const auto contender = make_picovae(subject(), type, kernels, copies(type, count), batch);
  for (auto _ : state) {
    contender->run(task);
    benchmark::ClobberMemory();
  }
  report(state, type, kernels.isa, work_of(kDefaultShape, task, type, batch, count));
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& type : tools::kTypeNames) {
    for (const Origin& origin : origins()) {
      for (const Task task : kTasks) {
        for (const std::size_t batch : kBatches) {
          for (const Kernels* kernels : built_kernels()) {
            benchmark::RegisterBenchmark(
                row_name(kDefaultShape, task, type.value, batch, *kernels, origin.contender)
                    .c_str(),
                [=](benchmark::State& state) {
                  run(state, task, type.value, batch, *kernels, origin);
                });
          }
        }
      }
    }
  }
  return run_benchmarks(argc, argv);
}
