// The decoder's three layers of 784-300-300-50 on a board, one after the other by CMSIS-NN and by
// our kernels: instructions of each. Weights are random and the same. Ours include softplus and
// sigmoid, which CMSIS-NN has no s8 functions for; its sums of weights are not counted.
#include <arm_nnfunctions.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "measure.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/random.hpp"
#include "picovae/shape.hpp"
#include "port.hpp"
#include "write.hpp"

namespace {

using namespace picovae;

struct Size {
  std::size_t in, out;
  Activation activation;
};
constexpr std::array<Size, 3> kLayers = {{{50, 300, Activation::kSoftplus},
                                          {300, 300, Activation::kSoftplus},
                                          {300, 784, Activation::kSigmoid}}};
constexpr std::size_t kMost = 300 * 784;
constexpr std::size_t kMostPacked = round_up(300, 16) * round_up(784, 16);

std::array<std::int8_t, kMost> weights;
alignas(64) std::array<std::int8_t, kMostPacked> packed;
std::array<std::int32_t, 784> bias, sums;
std::array<std::uint16_t, 784> multiplier;
std::array<std::int16_t, 784> rescale;
alignas(64) std::array<std::int16_t, 304> input;
alignas(64) std::array<std::uint8_t, 784> output;
Size size;

Status cmsis_nn() {
  const cmsis_nn_context context = {sums.data(), sizeof(sums)};
  const cmsis_nn_fc_params parameters = {0, 0, 0, {-128, 127}};
  const cmsis_nn_per_tensor_quant_params scale = {1 << 30, -9};
  const auto in = static_cast<std::int32_t>(size.in), out = static_cast<std::int32_t>(size.out);
  const cmsis_nn_dims x = {1, 1, 1, in}, w = {in, 1, 1, out}, b = {1, 1, 1, out},
                      y = {1, 1, 1, out};
  const auto status = arm_fully_connected_s8(
      &context, &parameters, &scale, &x, reinterpret_cast<const std::int8_t*>(input.data()), &w,
      weights.data(), &b, bias.data(), &y, reinterpret_cast<std::int8_t*>(output.data()));
  return status == ARM_CMSIS_NN_SUCCESS ? Status::kOk : Status::kWrongOutput;
}

Status ours() {
  Dense layer{};
  layer.weights = packed.data();
  layer.bias = bias.data();
  layer.multiplier = multiplier.data();
  layer.rescale = rescale.data();
  layer.in = static_cast<std::uint16_t>(size.in);
  layer.out = static_cast<std::uint16_t>(size.out);
  layer.pre_shift = 6;
  layer.post_shift = 8;
  layer.wide_input = size.in == 50;
  layer.activation = size.activation;
  board_kernels().s8(layer, input.data(), size.in, output.data(), size.out, 1);
  return Status::kOk;
}

}  // namespace

int picovae_program() {
  for (const Size& next : kLayers) {
    size = next;
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < size.in * size.out; ++i) {
      uniforms(1, Purpose::kPrior, 0, static_cast<std::uint32_t>(i), &word, 1);
      weights[i] = static_cast<std::int8_t>(static_cast<int>(word % 129) - 64);
    }
    auto* bytes = reinterpret_cast<std::uint8_t*>(input.data());
    for (std::size_t i = 0; i < sizeof(input); ++i) bytes[i] = static_cast<std::uint8_t>(i % 100);
    multiplier.fill(300);
    rescale.fill(9000);
    pack_weights(board_kernels().layout, Type::kS8, false, size.in, size.out, weights.data(),
                 packed.data());
    const auto in = static_cast<std::int32_t>(size.in), out = static_cast<std::int32_t>(size.out);
    arm_vector_sum_s8(sums.data(), in, out, weights.data(), 0, 0, bias.data());
    port::measure("cmsis_nn ", cmsis_nn);
    port::measure("ours ", ours);
  }
  return 0;
}
