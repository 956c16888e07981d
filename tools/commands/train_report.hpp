// The figures of a training, epoch by epoch: as lines for people, and as a CSV.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "picovae/kernels.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/train/recipe.hpp"
#include "tools/train/trainer.hpp"

namespace picovae::tools {

struct EpochFigures {
  int epoch;
  double seconds;  // of training alone
  EpochLoss train;
  Elbo held_out;
  double held_out_loss;  // if the loss is not the ELBO's
};

class TrainReport {
 public:
  //   held_out  what the images are called that are not trained on
  TrainReport(const Recipe& recipe, std::string_view held_out);

  void print_head(const Kernels& kernels, unsigned threads) const;

  // Prints a line, and adds one to the CSV.
  void add(const EpochFigures& figures);

  // Prints the last figures: those of the model in the file `out`, of whose `latents` so many are
  // active (LatentUse). Warns if they are too few to be a code.
  void print_end(const EpochFigures& last, const std::string& out, std::size_t active,
                 std::size_t latents) const;

  const std::string& csv() const { return csv_; }
  void continue_from(std::string csv) { csv_ = std::move(csv); }

 private:
  std::string describe_objective() const;

  Recipe recipe_;
  std::string_view held_out_;
  bool own_loss_;  // the loss is another figure than the ELBO's
  std::string csv_;
};

}  // namespace picovae::tools
