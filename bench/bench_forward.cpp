// The forward pass in time: encode, decode and forward, by weight type, ISA and batch; with weights
// that stay in the nearest cache that holds them (warm), and with weights from the L3 cache or from
// DRAM: so many models take turns that no nearer cache holds them. Then decode by the width of the
// hidden layers, for the kernels that PICOVAE_ISA or the machine chooses.
//   bench_forward --benchmark_filter=decode/s8
// An ISA that this machine lacks is skipped by name.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contender.hpp"
#include "models.hpp"
#include "report.hpp"
#include "roofline.hpp"
#include "tools/base/isa.hpp"
#include "tools/format/blob.hpp"

namespace {

using namespace picovae;
using namespace picovae::bench;

// Equal models of one shape and type, as many as any benchmark needed so far. Only those of one are
// kept at a time: the models take several times the size of the last cache.
std::span<const tools::BlobBytes> copies(const Subject& subject, Type type, std::size_t count) {
  static std::vector<tools::BlobBytes> models;
  static std::pair<const Subject*, Type> kept;
  if (kept != std::pair{&subject, type}) {
    models = {subject.pack(type)};
    kept = {&subject, type};
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

void run(benchmark::State& state, Dimensions shape, Task task, Type type, std::size_t batch,
         const Kernels& kernels, const Origin& origin) {
  if (skip_missing(state, kernels.isa, kernels.name)) return;
  const std::size_t model = multiply_adds(shape, task) * weight_size(type);
  const std::size_t count = std::max((origin.bytes + model - 1) / model, std::size_t{1});
  const auto contender =
      make_picovae(subject(shape), type, kernels, copies(subject(shape), type, count), batch);
  for (auto _ : state) {
    contender->run(task);
    benchmark::ClobberMemory();
  }
  report(state, type, kernels.isa, work_of(shape, task, type, batch, count));
}

void add(Dimensions shape, Task task, Type type, std::size_t batch, const Kernels& kernels,
         const Origin& origin) {
  benchmark::RegisterBenchmark(
      row_name(shape, task, type, batch, kernels, origin.contender).c_str(),
      [=, &kernels](benchmark::State& state) {
        run(state, shape, task, type, batch, kernels, origin);
      });
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& type : tools::kTypeNames) {
    for (const Origin& origin : origins()) {
      for (const Task task : kTasks) {
        for (const std::size_t batch : kBatches) {
          for (const Kernels* kernels : built_kernels()) {
            add(kDefaultShape, task, type.value, batch, *kernels, origin);
          }
        }
      }
    }
  }
  for (const Type type : {Type::kF32, Type::kS8}) {
    for (const int width : {64, 128, 256, 512, 1024, 2048}) {
      if (type == Type::kS8 && width > 1024) continue;  // to quantize it takes half a minute
      const auto hidden = static_cast<std::uint16_t>(width);
      const Dimensions shape{784, hidden, hidden, 50};
      for (const std::size_t batch : {kBatches.front(), kBatches.back()}) {
        add(shape, Task::kDecode, type, batch, tools::chosen_kernels(), {"picovae"});
      }
    }
  }
  return run_benchmarks(argc, argv);
}
