// Trains the network: Adam on minibatches of the negative ELBO or another loss, in a form that
// folds into the plain network (recipe.hpp). The same recipe on the same images gives the same
// bytes on any ISA and any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "tools/format/network.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

struct EpochLoss : Elbo {  // the KL unweighted
  double loss = 0;         // what is minimized (Recipe::bound, beta)
};

class Trainer {
 public:
  // The part of an epoch that is done, 0 to 1, and its mean loss.
  using Progress = std::function<void(double fraction, const EpochLoss& so_far)>;

  // Takes all memory that training needs, but for that of the eigenvalue solver, which takes its
  // memory whenever a rotation is renewed.
  //   images   [count][pixels] u8, owned by the caller, at least one
  //   recipe   batch, samples and samples_late at least 1; a batch may be larger than `images`
  //   kernels  choose the ISA; the result does not depend on it, but on 32-bit Arm
  //   threads  at least 1; nor on these
  //   columns  of an image, for a recipe that augments; else not read
  Trainer(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& recipe,
          const Kernels& kernels, unsigned threads = 1, std::size_t columns = 0);
  ~Trainer();

  // One pass over the images. Returns their mean loss during it, while the weights changed. Fails,
  // naming epoch, step and tensor, if the loss is no longer a number. Passes on what `progress`
  // throws; the trainer is then after that step, and the next call continues from there.
  EpochLoss run_epoch(const Progress& progress);

  Network network() const;  // in its plain form
  int epoch() const;        // epochs done
  bool is_between_epochs() const;

  // All that a trainer of the same recipe and images needs to continue as this one would, to the
  // bit; between epochs, or after run_epoch() was left. restore() fails, naming `name`, the file,
  // if `file` holds no state of such a trainer; this one is then of no use.
  SafetensorsFile state() const;
  void restore(const SafetensorsFile& file, std::string_view name);

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace picovae::tools
