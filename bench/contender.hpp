// A way to run the network: ours, or a peer's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "models.hpp"
#include "tools/format/blob.hpp"

namespace picovae::bench {

// Made for one subject and batches of one size: the constructor does what can be done once, packing
// above all. Inputs are the subject's images and latents in the type that the contender takes.
class Contender {
 public:
  virtual ~Contender() = default;

  // What is timed.
  virtual void run(Task task) = 0;

  // What the last run wrote, in real units, a row for each image, as Subject::reference.
  virtual std::vector<double> result(Task task) const = 0;
};

// The engine, through DynamicVae. With several equal models each run takes the next one, so the
// weights come from the memory that holds all of them.
//   models  of the subject; must outlive the contender
std::unique_ptr<Contender> make_picovae(const Subject& subject, Type type, const Kernels& kernels,
                                        std::span<const tools::BlobBytes> models,
                                        std::size_t batch);

}  // namespace picovae::bench
