// The engine beside its peers: the same network in other libraries, one thread each, in turn. Every
// result is checked before it is timed. bench/run.sh runs it like this:
//   OMP_NUM_THREADS=1 bench_peers
//   OMP_NUM_THREADS=1 OPENBLAS_CORETYPE=Haswell PICOVAE_ISA=avx2 bench_peers
// PICOVAE_ISA chooses our kernels; with avx2 the peers are limited to AVX2 as well.
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

// Null if the contender cannot be had here: `missing` says why.
using Make = std::function<std::unique_ptr<Contender>(const Subject& subject, std::size_t batch)>;

struct Entry {
  Type type;
  std::string name;
  double tolerance;
  Make make;
  std::string missing = "it has nothing for this batch or machine";
};

Entry ours(Type type, const Kernels& kernels, const std::string& name = "picovae") {
  return {type, name, tolerance(type), [=, &kernels](const Subject& subject, std::size_t batch) {
            static std::map<std::pair<const Subject*, Type>, tools::BlobBytes> blobs;
            tools::BlobBytes& blob = blobs[{&subject, type}];
            if (blob.bytes().empty()) blob = subject.pack(type);
            return make_picovae(subject, type, kernels, {&blob, 1}, batch);
          }};
}

Entry peer(Type type, const char* name, PeerFn* make) {
  return {type, name, type == Type::kS8 ? kPeerS8Tolerance : tolerance(type),
          [=](const Subject& subject, std::size_t batch) {
            return make({tools::engine_layers(subject.network()), batch, subject.real_images(batch),
                         subject.real_latents(batch)});
          }};
}

[[maybe_unused]] Entry missing_peer(Type type, const char* name, const char* how) {
  return {type, name, 0, [](const Subject&, std::size_t) { return nullptr; }, how};
}

// By type, ours before the peers, and the best of ours before those that only their name chooses.
//   avx2  limits the peers that are compiled to AVX2
std::vector<Entry> entries(const Kernels& kernels, bool avx2) {
  std::vector<Entry> result;
#if defined(__x86_64__)
#define PICOVAE_MAKE(function) avx2 ? avx2::make_##function : native::make_##function
#else
#define PICOVAE_MAKE(function) native::make_##function
#endif
#define PICOVAE_ADD(function, of, name) \
  if (type.value == of) result.push_back(peer(of, name, PICOVAE_MAKE(function)));
#define PICOVAE_ADD_MISSING(of, name, how) \
  if (type.value == of) result.push_back(missing_peer(of, name, how));
  for (const auto& type : tools::kTypeNames) {
    result.push_back(ours(type.value, kernels));
    for (const Kernels* other : built_kernels()) {
      const bool is_wanted = type.value == Type::kBf16 && &kernels == &select_kernels();
      if (is_wanted && other->rounds_inputs && machine_runs(other->isa)) {
        result.push_back(ours(type.value, *other, std::string("picovae_") + other->name));
      }
    }
    PICOVAE_PEERS(PICOVAE_ADD)
    PICOVAE_MISSING_PEERS(PICOVAE_ADD_MISSING)
    if (type.value == Type::kF32) {
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

// What is timed, of f32 and s8; of the 16-bit types the batches of kBatches alone, of the default
// shape.
struct Case {
  Dimensions shape;
  std::size_t batch;
  Task task;

  bool is_common() const { return shape == kDefaultShape && std::ranges::count(kBatches, batch); }
  bool has(Type type) const { return type == Type::kF32 || type == Type::kS8 || is_common(); }
};

std::vector<Case> cases() {
  constexpr std::size_t kAll[] = {1, 2, 3, 4, 8, 16, 100, 1024, 4096};
  std::vector<Case> result;
  for (const std::size_t batch : kAll) {
    for (const Task task : kTasks) {
      const Case one{kDefaultShape, batch, task};
      if (task != Task::kEncode || one.is_common()) result.push_back(one);
    }
  }
  for (const Dimensions& shape : {kNarrowShape, kWideShape}) {
    for (const std::size_t batch : std::span{kAll}.first<8>()) {
      result.push_back({shape, batch, Task::kForward});
    }
  }
  return result;
}

bool wrong_results = false;

// What is wrong with the contender's result; empty if nothing is.
std::string check(Contender& contender, const Case& what, double tolerance) {
  contender.run(what.task);
  const std::vector<double> got = contender.result(what.task);
  const std::vector<double>& wanted = subject(what.shape).reference(what.task);
  if (got.size() != wanted.size() / Subject::kDistinct * what.batch) return "of another size";
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(got[i] - wanted[i % wanted.size()]);
    if (!(error <= tolerance)) return "off by " + std::to_string(error);  // a NaN too
  }
  return "";
}

// A contender, and what the checks of its tasks said.
struct Made {
  std::unique_ptr<Contender> contender;
  std::map<Task, std::string> errors;
};

// The contenders of one shape and batch are kept until those of the next are wanted.
Made& made(const Entry& entry, const Case& what) {
  static std::pair<std::string, std::size_t> place;
  static std::map<const Entry*, Made> all;
  if (std::pair here{name(what.shape), what.batch}; place != here) {
    all.clear();
    place = here;
  }
  const auto [found, is_new] = all.try_emplace(&entry);
  if (is_new) found->second.contender = entry.make(subject(what.shape), what.batch);
  return found->second;
}

void run(benchmark::State& state, const Entry& entry, const Case& what, const Kernels& kernels) {
  auto& [contender, errors] = made(entry, what);
  if (!contender) return state.SkipWithError(entry.missing.c_str());
  if (!errors.contains(what.task)) errors[what.task] = check(*contender, what, entry.tolerance);
  if (const std::string& error = errors[what.task]; !error.empty()) {
    wrong_results = true;
    return state.SkipWithError(("wrong result, " + error).c_str());
  }
  for (auto _ : state) {
    contender->run(what.task);
    benchmark::ClobberMemory();
  }
  report(state, entry.type, kernels.isa, work_of(what.shape, what.task, entry.type, what.batch));
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
  for (const Case& what : cases()) {
    for (const Entry& entry : contenders) {
      if (!what.has(entry.type)) continue;
      const std::string row =
          row_name(what.shape, what.task, entry.type, what.batch, kernels, entry.name);
      benchmark::RegisterBenchmark(row.c_str(), [=, &entry, &kernels](benchmark::State& state) {
        run(state, entry, what, kernels);
      });
    }
  }
  const int status = run_benchmarks(argc, argv);
  return wrong_results ? 1 : status;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
