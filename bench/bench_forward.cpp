// The forward pass in time: encode, decode and forward, by weight type, ISA and batch; with weights
// that are used over and over (warm), and with weights that come from the L3 cache or from DRAM
// because so many models are used in turn that they do not fit anything nearer.
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

namespace {

using namespace picovae;
using namespace picovae::bench;

// Equal models of one type, as many as were ever asked for. Those of one type at a time: they fill
// memory several times the size of the last cache.
std::span<const tools::BlobBytes> copies(const WeightType& type, std::size_t count) {
  static std::vector<tools::BlobBytes> models;
  static const WeightType* type_of_models = nullptr;
  if (type_of_models != &type) {
    models = {type.pack()};
    type_of_models = &type;
  }
  models.reserve(count);
  while (models.size() < count) models.push_back(models.front());
  return std::span{models}.first(count);
}

// Where weights come from: so many bytes of them are in use. None: one model, over and over.
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

void run(benchmark::State& state, Task task, const WeightType& type, std::size_t batch,
         const Kernels& kernels, const Origin& origin) {
  if (skip_missing(state, kernels)) return;
  const std::size_t model = multiply_adds(task) * type.bytes;
  const std::size_t count = std::max((origin.bytes + model - 1) / model, std::size_t{1});
  const auto contender = make_picovae(type, kernels, copies(type, count), batch);
  for (auto _ : state) {
    contender->run(task);
    benchmark::ClobberMemory();
  }
  report(state, type, kernels.name, work_of(task, type, batch, count));
}

}  // namespace

int main(int argc, char** argv) {
  for (const WeightType& type : weight_types()) {
    for (const Origin& origin : origins()) {
      for (const Task task : kTasks) {
        for (const std::size_t batch : {std::size_t{1}, std::size_t{8}, std::size_t{100}}) {
          for (const Kernels* kernels : built_kernels()) {
            const std::string row = std::string{name(task)} + "/" + type.name +
                                    "/batch:" + std::to_string(batch) + "/" + kernels->name + "/" +
                                    origin.contender;
            benchmark::RegisterBenchmark(row.c_str(), [=, &type](benchmark::State& state) {
              run(state, task, type, batch, *kernels, origin);
            });
          }
        }
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
