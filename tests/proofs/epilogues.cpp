// The s8 activations of every ISA that this machine runs, as its kernels have them: every t with
// every rescale, against requantize.hpp. Layers of zero weights pass their biases on as t.
#include "picovae/layout.hpp"
#include "requantize.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tests/proofs/exhaustive.hpp"

using namespace picovae;
using proofs::require;

namespace {

constexpr std::size_t kOutputs = 4096;  // 16 such layers hold every t

struct Activated {
  Activation activation;
  std::int32_t greatest;
};

class Layer {
 public:
  Layer() : weights_(packed_size(Layout::kHost, Type::kS8, 1, kOutputs)), bias_(kOutputs) {}

  // y [kOutputs] out, of t from `first` on.
  void run(const Kernels& kernels, Activated of, std::int32_t first,
           const std::vector<std::int16_t>& rescale, std::uint8_t* y) {
    for (std::size_t j = 0; j < kOutputs; ++j) bias_[j] = first + static_cast<std::int32_t>(j);
    Dense layer{};
    layer.weights = weights_.data();
    layer.bias = bias_.data();
    layer.multiplier = multiplier_.data();
    layer.rescale = rescale.data();
    layer.in = 1;
    layer.out = kOutputs;
    layer.activation = of.activation;
    layer.greatest = static_cast<std::uint8_t>(of.greatest);
    const std::uint8_t x[kInputPad] = {1};
    kernels.s8(layer, x, kInputPad, y, kOutputs, 1);
  }

 private:
  std::vector<std::int8_t> weights_;
  std::vector<std::int32_t> bias_;
  std::vector<std::uint16_t> multiplier_ = std::vector<std::uint16_t>(kOutputs, 1);
};

void check(std::int32_t rescale, const std::vector<const Kernels*>& all) {
  Layer layer;
  const std::vector<std::int16_t> rescales(kOutputs, static_cast<std::int16_t>(rescale));
  std::vector<std::uint8_t> expected(kOutputs), found(kOutputs);
  for (std::int32_t first = -32768; first <= 32767; first += std::int32_t{kOutputs}) {
    for (const Activated of : {Activated{Activation::kSoftplus, 127},
                               {Activation::kSoftplus, 255},
                               {Activation::kRelu, 127},
                               {Activation::kRelu, 255}}) {
      for (std::size_t j = 0; j < kOutputs; ++j) {
        const std::int32_t t = first + static_cast<std::int32_t>(j);
        expected[j] = of.activation == Activation::kRelu
                          ? relu_u8(t, rescale, of.greatest)
                          : softplus_u8(t, rescale, of.greatest, softplus_tail);
      }
      for (const Kernels* kernels : all) {
        layer.run(*kernels, of, first, rescales, found.data());
        if (found == expected) continue;
        std::size_t j = 0;
        while (found[j] == expected[j]) ++j;
        require(false, kernels->name, first + static_cast<std::int32_t>(j), rescale, of.greatest);
      }
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<const Kernels*> vectors;
  for (const Kernels* kernels : tests::runnable_kernels(&Kernels::s8)) {
    if (kernels->s8 != nullptr && kernels->s8 != kScalarKernels.s8) vectors.push_back(kernels);
  }
  for (const Kernels* kernels : vectors) std::printf("%s ", kernels->name);
  proofs::for_all(proofs::threads_of(count, arguments), kMaxRescale,
                  [&](std::uint64_t i) { check(static_cast<std::int32_t>(i) + 1, vectors); });
  proofs::passed("", 4 * 65536.0 * kMaxRescale * static_cast<double>(vectors.size()));
}
