// The network that all benchmarks run, in every weight type, and its inputs. Its weights are
// random: no time depends on them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/network.hpp"

namespace picovae::bench {

using S = MnistShape;

inline constexpr std::array<std::size_t, 3> kBatches = {1, 8, 100};
inline constexpr std::size_t kMaxBatch = 100;

// What is timed.
enum class Task {
  kEncode,   // images -> mu, logvar
  kDecode,   // z -> pixels
  kForward,  // images -> pixels, decoded from z = mu
};
inline constexpr std::array kTasks = {Task::kEncode, Task::kDecode, Task::kForward};

const char* name(Task task);

// Multiply-adds of an image; also the number of weights that it reads.
constexpr std::size_t multiply_adds(Task task) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const bool runs = i < kDecoder0 ? task != Task::kDecode : task != Task::kEncode;
    if (runs) sum += std::size_t{S::kLayers[i].in} * S::kLayers[i].out;
  }
  return sum;
}

const tools::Network& network();

// The network with weights of a type, one of tools::kTypeNames.
tools::BlobBytes pack(Type type);

// The largest error of such a model's results against reference().
double tolerance(Type type);

// [kMaxBatch][kPixels] u8 and [kMaxBatch][kLatent] Q3.10. A Float model gets the same numbers.
const std::vector<std::uint8_t>& images();
const std::vector<std::int16_t>& latents();

// The same in real units.
std::vector<float> real_images(std::size_t batch);
std::vector<float> real_latents(std::size_t batch);

// What the network makes of them, in f64:
//   kEncode           [kMaxBatch][2 * kLatent], mu and logvar of each image
//   kDecode, kForward [kMaxBatch][kPixels]
const std::vector<double>& reference(Task task);

}  // namespace picovae::bench
