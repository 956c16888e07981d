#include "roofline.hpp"

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <utility>
#include <vector>

namespace picovae::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds of one call of `work` in the best of many windows: long compared with the clock's step,
// short compared with the time between interruptions of a busy machine.
template <typename Work>
double fewest_seconds(Work work) {
  constexpr double kWindow = 0.3e-3, kAll = 12e-3;
  constexpr int kFewestWindows = 10;
  const auto begin = Clock::now();
  double best = kWindow;
  for (int window = 0; window < kFewestWindows || seconds_since(begin) < kAll; ++window) {
    const auto calls = static_cast<std::size_t>(std::ceil(kWindow / best));
    const auto start = Clock::now();
    for (std::size_t i = 0; i < calls; ++i) work();
    const double seconds = seconds_since(start) / static_cast<double>(calls);
    best = window == 0 ? seconds : std::min(best, seconds);
  }
  return best;
}

// Bytes a second of one probe's loop.
double read_rate(const Probe& probe, std::size_t size) {
  static std::map<std::pair<const Probe*, std::size_t>, double> measured;
  double& rate = measured[{&probe, size}];
  if (rate == 0) {
    const Buffer buffer(size);
    alignas(64) float seen[kProbeData];
    rate =
        static_cast<double>(size) / fewest_seconds([&] { probe.read(buffer.data(), size, seen); });
  }
  return rate;
}

}  // namespace

std::vector<Level> levels() {
  std::size_t sizes[4] = {};
  for (const auto& cache : benchmark::CPUInfo::Get().caches) {
    if (cache.type != "Instruction" && cache.level >= 1 && cache.level <= 3) {
      sizes[cache.level] = static_cast<std::size_t>(cache.size);
    }
  }
  const auto [none, l1, l2, l3] = sizes;
  std::vector<Level> result;
  if (l1 != 0) result.push_back({"L1", l1 / 2});
  if (l2 != 0) result.push_back({"L2", l2 / 2});
  if (l3 != 0) result.push_back({"L3", std::max(l3 / 4, 2 * l2)});
  constexpr std::size_t kLargeCache = std::size_t{32} << 20;
  const std::size_t last = l3 != 0 ? l3 : l2 != 0 ? l2 : kLargeCache;
  result.push_back({"DRAM", 4 * last});
  return result;
}

Buffer::Buffer(std::size_t bytes) {
  constexpr std::size_t kLargePage = std::size_t{2} << 20;
  const std::size_t size = (bytes + kLargePage - 1) / kLargePage * kLargePage;
  bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(kLargePage, size)));
  if (!bytes_) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  madvise(bytes_.get(), size, MADV_HUGEPAGE);
#endif
  std::fill_n(bytes_.get(), size, std::byte{1});
}

double Roofline::multiply_adds() {
  constexpr std::size_t kRounds = 1000;
  if (multiply_adds_ == 0) {
    alignas(64) float data[kProbeData];
    std::fill_n(data, kProbeData, 0.5f);
    const double seconds = fewest_seconds([&] { probe_.multiply_add(data, kRounds); });
    multiply_adds_ = probe_.multiply_add_operations * kRounds / seconds;
  }
  return multiply_adds_;
}

double Roofline::dots() {
  constexpr std::size_t kRounds = 1000;
  if (dots_ == 0) {
    alignas(64) std::uint8_t inputs[kProbeData] = {};
    alignas(64) std::int8_t weights[kProbeData] = {};
    alignas(64) std::int32_t sums[kProbeData];
    const double seconds = fewest_seconds([&] { probe_.dot(inputs, weights, sums, kRounds); });
    dots_ = probe_.dot_operations * kRounds / seconds;
  }
  return dots_;
}

double Roofline::bandwidth(std::size_t bytes) {
  const std::size_t size = std::max(bytes / kReadUnit, std::size_t{1}) * kReadUnit;
  double best = 0;
  bool included = false;
  for (const Probe* probe : built_probes()) {
    included = included || probe == &probe_;
    if (included && machine_runs(probe->isa)) best = std::max(best, read_rate(*probe, size));
  }
  return best;
}

Roofline* find_roofline(Isa isa) {
  static std::map<Isa, Roofline> rooflines;
  const Probe* probe = find_probe(isa);
  return probe == nullptr ? nullptr : &rooflines.try_emplace(isa, *probe).first->second;
}

}  // namespace picovae::bench
