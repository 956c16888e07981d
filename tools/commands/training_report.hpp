// The figures of a training, epoch by epoch: as lines for people, and as a CSV.
#pragma once

#include <string>
#include <utility>

#include "picovae/kernels.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/train/recipe.hpp"
#include "tools/train/trainer.hpp"

namespace picovae::tools {

struct EpochFigures {
  int epoch;
  double seconds;  // of training alone
  EpochLoss train;
  Elbo test;
  double test_loss;  // where the loss is no ELBO
};

class TrainingReport {
 public:
  // `judge` names the images that judge: "test" or "valid.".
  TrainingReport(const Recipe& recipe, const char* judge);

  void print_head(const Recipe& recipe, const Kernels& kernels) const;

  // Prints a line, and adds one to the CSV.
  void add(const EpochFigures& figures);

  // Prints the last figures, of the model that stands in the file `out`.
  void print_end(const EpochFigures& last, const Recipe& recipe, const std::string& out) const;

  const std::string& csv() const { return csv_; }
  void go_on_from(std::string csv) { csv_ = std::move(csv); }

 private:
  const char* judge_;
  bool own_loss_;  // the loss is another figure than the ELBO
  std::string csv_;
};

}  // namespace picovae::tools
