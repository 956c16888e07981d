// The networks that all benchmarks run, in every weight type, and their inputs. Weights are random:
// no time depends on them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/network.hpp"

namespace picovae::bench {

inline constexpr Dimensions kDefaultShape = MnistShape::kDimensions;
inline constexpr Dimensions kWideShape{784, 1024, 1024, 64};
inline constexpr Dimensions kNarrowShape{784, 128, 64, 16};

// 784-300-300-50
std::string name(Dimensions shape);

// Batches of the default shape that every type, ISA and memory is measured at.
inline constexpr std::array<std::size_t, 3> kBatches = {1, 8, 100};

// What is timed.
enum class Task {
  kEncode,   // images -> mu, logvar
  kDecode,   // z -> pixels
  kForward,  // images -> pixels, decoded from z = mu
};
inline constexpr std::array kTasks = {Task::kEncode, Task::kDecode, Task::kForward};

const char* name(Task task);

// Multiply-adds of an image; also the number of weights that it reads.
std::size_t multiply_adds(Dimensions shape, Task task);

// The largest error of a model of a type against Subject::reference().
double tolerance(Type type);

// A network of one shape, its inputs and its results. A batch larger than kDistinct repeats the
// first images, so that the results of every one are known.
class Subject {
 public:
  static constexpr std::size_t kDistinct = 100;

  explicit Subject(Dimensions shape);

  Dimensions shape() const { return shape_; }
  const tools::Network& network() const { return network_; }

  // The network with weights of a type, one of tools::kTypeNames.
  tools::BlobBytes pack(Type type) const;

  // [batch][pixels] u8 and [batch][latent] Q3.10. A Float model gets the same numbers.
  std::vector<std::uint8_t> images(std::size_t batch) const;
  std::vector<std::int16_t> latents(std::size_t batch) const;

  // The same in real units.
  std::vector<float> real_images(std::size_t batch) const;
  std::vector<float> real_latents(std::size_t batch) const;

  // What the network makes of the distinct inputs, in f64; computed on first use.
  //   kEncode           [kDistinct][2 * latent], mu and logvar of each image
  //   kDecode, kForward [kDistinct][pixels]
  const std::vector<double>& reference(Task task) const;

 private:
  std::vector<double> compute_reference(Task task) const;

  Dimensions shape_;
  tools::Network network_;
  std::vector<std::uint8_t> images_;
  std::vector<std::int16_t> latents_;
  mutable std::map<Task, std::vector<double>> references_;
};

// The subject of a shape, made on first use and then kept.
const Subject& subject(Dimensions shape = kDefaultShape);

}  // namespace picovae::bench
