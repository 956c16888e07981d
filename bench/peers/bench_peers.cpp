// The engine beside its peers: the same network in Eigen, OpenBLAS and oneDNN, one thread each, in
// turn. Every result is checked before it is timed. bench/run.sh runs it like this:
//   OMP_NUM_THREADS=1 bench_peers
//   OMP_NUM_THREADS=1 OPENBLAS_CORETYPE=Haswell PICOVAE_ISA=avx2 bench_peers
// PICOVAE_ISA chooses our kernels; with avx2 the peers are limited to AVX2 as well.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contender.hpp"
#include "models.hpp"
#include "peer.hpp"
#include "report.hpp"
#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/network.hpp"

namespace {

using namespace picovae;
using namespace picovae::bench;

// The largest error of a peer's s8 result against the float network. With scales for each layer and
// output, taken from the inputs themselves, 8-bit weights stay below 0.016 and 7-bit ones below
// 0.035.
constexpr double kPeerS8Tolerance = 0.04;

struct Entry {
  Type type;
  std::string name;
  double tolerance;
  std::function<std::unique_ptr<Contender>(std::size_t batch)> make;
};

Entry ours(Type type, const Kernels& kernels) {
  return {type, "picovae", tolerance(type), [=, &kernels](std::size_t batch) {
            static std::map<Type, tools::BlobBytes> blobs;
            tools::BlobBytes& blob = blobs[type];
            if (blob.bytes().empty()) blob = pack(type);
            return make_picovae(type, kernels, {&blob, 1}, batch);
          }};
}

Entry peer(Type type, const char* name, PeerFn* make) {
  return {type, name, type == Type::kS8 ? kPeerS8Tolerance : tolerance(type),
          [=](std::size_t batch) {
            return make(
                {tools::engine_layers(network()), batch, real_images(batch), real_latents(batch)});
          }};
}

// By type, ours before the peers.
//   avx2  limits Eigen and OpenBLAS to AVX2
std::vector<Entry> entries(const Kernels& kernels, bool avx2) {
  PeerFn* eigen = native::make_eigen;
  PeerFn* openblas = native::make_openblas;
#if defined(__x86_64__)
  if (avx2) {
    eigen = avx2::make_eigen;
    openblas = avx2::make_openblas;
  }
#endif
  std::vector<Entry> result;
  for (const auto& type : tools::kTypeNames) {
    result.push_back(ours(type.value, kernels));
    if (type.value == Type::kF32) {
      result.push_back(peer(type.value, "eigen", eigen));
      result.push_back(peer(type.value, "openblas", openblas));
      result.push_back(peer(type.value, "onednn", make_onednn_inner_product_f32));
      result.push_back(peer(type.value, "onednn_matmul", make_onednn_matmul_f32));
    } else if (type.value == Type::kBf16) {
      result.push_back(peer(type.value, "onednn", make_onednn_inner_product_bf16));
      result.push_back(peer(type.value, "onednn_matmul", make_onednn_matmul_bf16));
    } else if (type.value == Type::kS8) {
      result.push_back(peer(type.value, "onednn", make_onednn_inner_product_s8));
      result.push_back(peer(type.value, "onednn_matmul", make_onednn_matmul_s8));
    }
  }
  return result;
}

bool wrong_results = false;

// What is wrong with the contender's result; empty if nothing is.
std::string check(Contender& contender, Task task, std::size_t batch, double tolerance) {
  contender.run(task);
  const std::vector<double> got = contender.result(task);
  const std::vector<double>& wanted = reference(task);
  if (got.size() != wanted.size() / kMaxBatch * batch) return "a result of another size";
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(got[i] - wanted[i]);
    if (!(error <= tolerance)) return "off by " + std::to_string(error);  // a NaN too
  }
  return "";
}

// A contender for one batch size, and what the checks of its tasks said.
struct Made {
  std::unique_ptr<Contender> contender;
  std::map<Task, std::string> errors;
};

void run(benchmark::State& state, const Entry& entry, Task task, std::size_t batch,
         const Kernels& kernels) {
  static std::map<std::pair<const Entry*, std::size_t>, Made> all;
  const auto [place, is_new] = all.try_emplace({&entry, batch});
  auto& [contender, errors] = place->second;
  if (is_new) contender = entry.make(batch);
  if (!contender) return state.SkipWithError("it has no such primitive for this machine");
  if (!errors.contains(task)) errors[task] = check(*contender, task, batch, entry.tolerance);
  if (!errors[task].empty()) {
    wrong_results = true;
    return state.SkipWithError(("wrong result, " + errors[task]).c_str());
  }
  for (auto _ : state) {
    contender->run(task);
    benchmark::ClobberMemory();
  }
  report(state, entry.type, kernels.isa, work_of(task, entry.type, batch));
}

}  // namespace

int main(int argc, char** argv) try {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads == nullptr || std::string_view{threads} != "1") {
    tools::fail("bench_peers: set OMP_NUM_THREADS=1, or run bench/run.sh, which does");
  }
  const Kernels& kernels = tools::chosen_kernels();
  limit_onednn(kernels.isa);
  const bool avx2 = kernels.isa == Isa::kAvx2 || kernels.isa == Isa::kAvxVnni;
  const std::string core = openblas_get_corename();
  if (avx2 && core != "Haswell" && core != "Zen") {
    tools::fail("bench_peers: OpenBLAS uses more than AVX2; set OPENBLAS_CORETYPE=Haswell");
  }
  benchmark::AddCustomContext("onednn", describe_onednn());
  benchmark::AddCustomContext("openblas", core);

  const std::vector<Entry> contenders = entries(kernels, avx2);
  for (const Task task : kTasks) {
    for (const std::size_t batch : kBatches) {
      for (const Entry& entry : contenders) {
        benchmark::RegisterBenchmark(row_name(task, entry.type, batch, kernels, entry.name).c_str(),
                                     [=, &entry, &kernels](benchmark::State& state) {
                                       run(state, entry, task, batch, kernels);
                                     });
      }
    }
  }
  const int status = run_benchmarks(argc, argv);
  return wrong_results ? 1 : status;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
