// The kernels in time: each dense layer of the default shape, and the trainer's product of the same
// size, by weight type, ISA and batch.
//   bench_kernels --benchmark_filter=decoder.2/s8
// An ISA that this machine lacks is skipped by name.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/product.hpp"
#include "models.hpp"
#include "picovae/blob.hpp"
#include "picovae/layout.hpp"
#include "report.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/error.hpp"
#include "tools/format/blob.hpp"

namespace {

using namespace picovae;
using namespace picovae::bench;

constexpr std::size_t kLargeBatch = 100;

// A type's model, packed on first use.
struct OpenModel {
  tools::BlobBytes blob;
  BlobView view;
};
const OpenModel& open_model(Type type) {
  static std::map<Type, OpenModel> models;
  OpenModel& model = models[type];
  if (model.view.header == nullptr) {
    model.blob = subject().pack(type);
    const Status status = open_blob(model.blob.bytes(), model.view);
    if (status != Status::kOk) tools::fail("{}: {}", tools::type_name(type), message(status));
  }
  return model;
}

Work work_of_layer(std::size_t layer, Type type, std::size_t batch) {
  const auto [in, out] = MnistShape::kLayers[layer];
  const std::size_t weights = std::size_t{in} * out;
  return {.multiply_adds = static_cast<double>(weights * batch),
          .weight_bytes = weights * weight_size(type),
          .footprint = weights * weight_size(type)};
}

// Rows of zeros of any type up to 4 bytes an element.
using Rows = tools::AlignedRows<float>;

void dense(benchmark::State& state, Type type, const Kernels& kernels, std::size_t index,
           std::size_t batch) {
  if (skip_missing(state, kernels.isa, kernels.name)) return;
  Dense layer = open_model(type).view.layers[index];
  if (index == kDecoder2) layer.activation = Activation::kSigmoid;
  Rows x(batch, layer.in), y(batch, layer.out);
  for (auto _ : state) {
    kernels.dense(type)(layer, x.row(0), x.stride(), y.row(0), y.stride(), batch);
    benchmark::ClobberMemory();
  }
  report(state, type, kernels.isa, work_of_layer(index, type, batch));
}

void product(benchmark::State& state, Type type, const Kernels& kernels, std::size_t index,
             std::size_t batch) {
  if (skip_missing(state, kernels.isa, kernels.name)) return;
  const auto [in, out] = MnistShape::kLayers[index];
  Rows a(batch, in), b(in, out), c(batch, out);
  const Product whole = {.a = a.row(0),
                         .a_row = a.stride(),
                         .a_column = 1,
                         .b = b.row(0),
                         .b_row = b.stride(),
                         .c = c.row(0),
                         .c_row = c.stride(),
                         .m = batch,
                         .n = round_up(out, kOutputPad),
                         .k = in};
  for (auto _ : state) {
    product_for(kernels.isa)(whole);
    benchmark::ClobberMemory();
  }
  report(state, type, kernels.isa, work_of_layer(index, type, batch));
}

using Run = void (*)(benchmark::State&, Type, const Kernels&, std::size_t index, std::size_t batch);

void add(const char* operation, Run run, Type type, std::size_t index, std::size_t batch) {
  for (const Kernels* kernels : built_kernels()) {
    benchmark::RegisterBenchmark(
        fmt::format("{}/{}/{}/batch:{}/{}", operation, tools::kLayerNames[index],
                    tools::type_name(type), batch, kernels->name)
            .c_str(),
        [=](benchmark::State& state) { run(state, type, *kernels, index, batch); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (std::size_t index = 0; index < kLayerCount; ++index) {
    for (const auto& type : tools::kTypeNames) {
      for (const std::size_t batch : {std::size_t{1}, kLargeBatch}) {
        add("dense", dense, type.value, index, batch);
      }
    }
    add("product", product, Type::kF32, index, kLargeBatch);
  }
  return run_benchmarks(argc, argv);
}
