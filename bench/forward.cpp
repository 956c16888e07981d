// The forward pass in time: encode, decode and forward, by weight type, ISA and batch.
//   bench_forward --benchmark_filter=decode/s8
// Weights are random: the time does not depend on them. An ISA that this machine lacks is skipped
// by name.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/layout.hpp"
#include "picovae/random.hpp"
#include "picovae/vae.hpp"

namespace {

using namespace picovae;
using S = MnistShape;

constexpr std::size_t kMacsEncode = 784 * 300 + 300 * 300 + 300 * 100;
constexpr std::size_t kMacsDecode = 50 * 300 + 300 * 300 + 300 * 784;

// A layer with random parameters of plausible size, packed for hosts.
template <typename Weight>
struct RandomLayer {
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> weights;
  std::vector<std::int32_t> bias;
  std::vector<std::uint16_t> multiplier;
  std::vector<std::int16_t> rescale;
  Dense dense{};

  explicit RandomLayer(std::size_t index) {
    const auto [in, out] = S::kLayers[index];
    const std::size_t padded = round_up(out, kOutputPad);
    constexpr Type kType = sizeof(Weight) == 1 ? Type::kS8 : Type::kF32;
    const std::size_t count = packed_size(Layout::kHost, kType, in, out);
    weights.resize(round_up(count * sizeof(Weight), 64) / 64);
    bias.assign(padded, 0);
    multiplier.assign(padded, 300);
    rescale.assign(padded, 4000);
    std::vector<std::uint32_t> bits(count);
    uniforms(1, Purpose::kUserDefined, 0, static_cast<std::uint32_t>(index), bits.data(), count);
    auto* w = reinterpret_cast<Weight*>(weights.data());
    for (std::size_t i = 0; i < count; ++i) {
      const auto q = static_cast<std::int8_t>(bits[i] >> 24);
      w[i] = static_cast<Weight>(static_cast<Weight>(q) /
                                 static_cast<Weight>(kType == Type::kS8 ? 1 : 1000));
    }
    dense = {.weights = weights.data(),
             .bias = bias.data(),
             .multiplier = multiplier.data(),
             .rescale = rescale.data(),
             .in = in,
             .out = out,
             .pre_shift = static_cast<std::uint8_t>(has_wide_input(index) ? 6 : 0),
             .post_shift = 14,
             .wide_input = kType == Type::kS8 && has_wide_input(index),
             .activation = layer_activation(index)};
  }
};

template <typename A, typename Weight>
struct Network {
  std::vector<RandomLayer<Weight>> layers;
  std::unique_ptr<Arena<S, A, 100>> arena = std::make_unique<Arena<S, A, 100>>();
  std::vector<typename A::Pixel> pixels = std::vector<typename A::Pixel>(100 * S::kPixels);

  Network() {
    for (std::size_t i = 0; i < kLayerCount; ++i) layers.emplace_back(i);
  }

  void encode(DenseFn dense, std::size_t batch) {
    auto& a = arena->encoder;
    dense(layers[kEncoder0].dense, pixels.data(), S::kPixels, a.hidden1.data, a.hidden1.kStride,
          batch);
    dense(layers[kEncoder1].dense, a.hidden1.data, a.hidden1.kStride, a.hidden2.data,
          a.hidden2.kStride, batch);
    dense(layers[kEncoderHeads].dense, a.hidden2.data, a.hidden2.kStride, a.heads.data,
          a.heads.kStride, batch);
  }

  void decode(DenseFn dense, std::size_t batch) {
    auto& a = arena->decoder;
    Dense last = layers[kDecoder2].dense;
    last.activation = Activation::kSigmoid;
    dense(layers[kDecoder0].dense, a.z.data, a.z.kStride, a.hidden2.data, a.hidden2.kStride, batch);
    dense(layers[kDecoder1].dense, a.hidden2.data, a.hidden2.kStride, a.hidden1.data,
          a.hidden1.kStride, batch);
    dense(last, a.hidden1.data, a.hidden1.kStride, pixels.data(), S::kPixels, batch);
  }
};

enum class Task { kEncode, kDecode, kForward };

template <typename A, typename Weight>
void forward(benchmark::State& state, Task task, const Kernels* kernels, DenseFn dense) {
  if (!machine_runs(kernels->isa)) {
    state.SkipWithError((std::string{kernels->name} + ": this machine lacks it").c_str());
    return;
  }
  const auto batch = static_cast<std::size_t>(state.range(0));
  auto network = std::make_unique<Network<A, Weight>>();
  std::size_t macs = 0;
  if (task != Task::kDecode) macs += kMacsEncode;
  if (task != Task::kEncode) macs += kMacsDecode;
  for (auto _ : state) {
    if (task != Task::kDecode) network->encode(dense, batch);
    if (task != Task::kEncode) network->decode(dense, batch);
    benchmark::ClobberMemory();
  }
  const auto images = static_cast<double>(state.iterations()) * static_cast<double>(batch);
  state.counters["images/s"] = benchmark::Counter(images, benchmark::Counter::kIsRate);
  state.counters["op/s"] =
      benchmark::Counter(2 * static_cast<double>(macs) * images, benchmark::Counter::kIsRate);
}

template <typename A, typename Weight>
void add(const char* name, Task task, const char* type, const Kernels* kernels, DenseFn dense) {
  benchmark::RegisterBenchmark(
      (std::string{name} + "/" + type + "/" + kernels->name).c_str(),
      [=](benchmark::State& state) { forward<A, Weight>(state, task, kernels, dense); })
      ->ArgName("batch")
      ->Arg(1)
      ->Arg(8)
      ->Arg(100);
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [name, task] : {std::pair{"encode", Task::kEncode},
                                   {"decode", Task::kDecode},
                                   {"forward", Task::kForward}}) {
    for (const Kernels* kernels : built_kernels()) {
      add<Float, float>(name, task, "f32", kernels, kernels->f32);
      add<Integer, std::int8_t>(name, task, "s8", kernels, kernels->s8);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
