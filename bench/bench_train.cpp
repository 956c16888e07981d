// Time of a training step: the whole, by preset and threads, and its parts on one thread.
//   bench_train --benchmark_filter=part
// Beside each time:
//   limit_us  the arithmetic bound of a step: 6 operations a weight and image (forward, backward to
//             inputs and to weights) at this process's peak of multiply-adds on each thread. All of
//             them count, also those that a step skips: encoder.0's terms of dark pixels, and its
//             gradient by pixels, which nobody needs
//   of_limit  the bound divided by the time; for a part, how many such parts fit into the bound
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/random.hpp"
#include "picovae/shape.hpp"
#include "report.hpp"
#include "roofline.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/vector_ops.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/optimizer.hpp"
#include "tools/train/parameters.hpp"
#include "tools/train/recipe.hpp"
#include "tools/train/trainer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr std::size_t kBatch = 100;
constexpr std::size_t kImages = 60000;  // more than any cache holds

// Rings of many sizes and places, as dark as MNIST, since a step skips what is dark: 20 % of the
// pixels are lit (MNIST: 19 %), 36 % in one of three images or more (35 %), 24 % of the groups of
// three pixels (25 %).
std::vector<std::uint8_t> draw_rings() {
  constexpr std::uint32_t kSide = 28, kThickness = 5;
  std::vector<std::uint32_t> words(3 * kImages);
  uniforms(1, Purpose::kPrior, 0, 0, words.data(), words.size());
  std::vector<std::uint8_t> bytes;
  bytes.reserve(kImages * MnistShape::kPixels);
  for (std::size_t i = 0; i < kImages; ++i) {
    const std::uint32_t x = 11 + words[3 * i] % 7, y = 11 + words[3 * i + 1] % 7;
    const std::uint32_t radius = 5 + words[3 * i + 2] % 6, inner = radius - kThickness;
    for (std::uint32_t p = 0; p < MnistShape::kPixels; ++p) {
      const std::uint32_t dx = std::max(p % kSide, x) - std::min(p % kSide, x);
      const std::uint32_t dy = std::max(p / kSide, y) - std::min(p / kSide, y);
      const std::uint32_t square = dx * dx + dy * dy;
      bytes.push_back(square < radius * radius && square >= inner * inner ? 200 : 0);
    }
  }
  return bytes;
}

std::span<const std::uint8_t> images() {
  static const std::vector<std::uint8_t> bytes = draw_rings();
  return bytes;
}

// Of a step of one thread, in seconds.
double arithmetic_bound() {
  const Plan plan(MnistShape::kDimensions);
  double weights = 0;
  for (const LayerPlan& layer : plan.layers) {
    weights += static_cast<double>(layer.in) * static_cast<double>(layer.out);
  }
  bench::Roofline* roofline = bench::find_roofline(chosen_kernels().isa);
  return roofline == nullptr ? 0 : 6 * weights * kBatch / roofline->multiply_adds();
}

void report(benchmark::State& state, double steps, unsigned threads) {
  using benchmark::Counter;
  const double bound = arithmetic_bound() / threads;
  state.counters["limit_us"] = bound * 1e6;
  state.counters["of_limit"] = Counter(bound * steps, Counter::kIsIterationInvariantRate);
}

void epoch(benchmark::State& state, const Recipe& chosen, unsigned threads) {
  constexpr std::size_t kSteps = 100;
  Recipe recipe = chosen;
  recipe.batch = kBatch;
  recipe.epochs = 1000;  // the benchmark runs fewer: early steps, of `samples`
  Trainer trainer(MnistShape::kDimensions, images().first(kSteps * kBatch * MnistShape::kPixels),
                  recipe, chosen_kernels(), threads);
  for (int warm_up = 0; warm_up < 3; ++warm_up) trainer.run_epoch({});
  for (auto _ : state) trainer.run_epoch({});
  state.counters["step_us"] = benchmark::Counter(
      kSteps * 1e-6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  report(state, kSteps, threads);
}

// The data of a step of the plain form.
struct Parts {
  Parts()
      : plan(MnistShape::kDimensions),
        ops(vector_ops(chosen_kernels().isa)),
        parameters(plan, initial_network(MnistShape::kDimensions, 1)),
        minibatches(images(), MnistShape::kPixels, PixelMode::kGray, 1),
        pass(plan, kBatch, {}, chosen_kernels()),
        gradient(plan.size),
        mean(plan.size),
        square(plan.size) {
    minibatches.start_epoch(0);
    draw_pixels();
    draw_noise();
    forward();
    backward();
    differentiate_weights();
  }

  std::size_t next_position() { return position = (position + 1) % kImages; }
  void draw_pixels() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      minibatches.draw_pixels(next_position(), pass.pixels(i));
    }
  }
  void draw_noise() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      minibatches.draw_noise(next_position(), 1, plan.dimensions.latent, pass.noise_stride(),
                             pass.noise(i, 0));
    }
  }
  void forward() { pass.forward(parameters, 0, kBatch, kBatch); }
  void backward() { pass.backward(parameters, 0, kBatch, kBatch); }
  void differentiate_weights() {
    for (std::size_t l = 0; l < kLayerCount; ++l) {
      pass.weight_gradient(l, 0, plan.layers[l].rows(), kBatch,
                           gradient.data() + plan.layers[l].offset);
    }
  }
  void adam() {
    const AdamStep step = adam_step({.alpha = 1e-6}, ++steps);
    ops.adam(step, gradient.data(), mean.data(), square.data(), parameters.layer(0), plan.size);
  }

  Plan plan;
  const VectorOps& ops;
  Parameters parameters;
  Minibatches minibatches;
  Backpropagation pass;
  AlignedFloats gradient, mean, square;
  std::size_t position = 0;
  std::uint64_t steps = 0;
};

void part(benchmark::State& state, void (Parts::*work)()) {
  Parts parts;
  for (auto _ : state) {
    (parts.*work)();
    benchmark::ClobberMemory();
  }
  report(state, 1, 1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string isa = chosen_kernels().name;
  for (const auto& preset : presets()) {
    for (const unsigned threads : {1u, 2u}) {
      const std::string name = "train/epoch_of_100_steps/" + std::string{preset.name} +
                               "/threads:" + std::to_string(threads) + "/" + isa;
      benchmark::RegisterBenchmark(
          name.c_str(), [=](benchmark::State& state) { epoch(state, preset.value, threads); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  const auto add = [&](const char* name, void (Parts::*work)()) {
    benchmark::RegisterBenchmark(("train/part/" + std::string{name} + "/" + isa).c_str(),
                                 [=](benchmark::State& state) { part(state, work); })
        ->Unit(benchmark::kMicrosecond);
  };
  add("data", &Parts::draw_pixels);
  add("noise", &Parts::draw_noise);
  add("forward", &Parts::forward);
  add("backward_to_inputs", &Parts::backward);
  add("backward_to_weights", &Parts::differentiate_weights);
  add("adam", &Parts::adam);
  return bench::run_benchmarks(argc, argv);
}
