#include "tools/commands/training_report.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "tools/commands/objective.hpp"

namespace picovae::tools {

TrainingReport::TrainingReport(const Recipe& recipe, const char* judge)
    : judge_(judge),
      own_loss_(has_own_loss(recipe)),
      csv_(
          "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
          "test_neg_elbo,test_reconstruction,test_kl") {
  csv_ += own_loss_ ? ",train_loss,test_loss\n" : "\n";
}

void TrainingReport::print_head(const Recipe& recipe, const Kernels& kernels) const {
  fmt::print("{}, nats per image ({}, {} thread{})\n", describe_objective(recipe), kernels.name,
             recipe.threads, recipe.threads == 1 ? "" : "s");
  fmt::print("epoch     train = recon. +    KL {:>9} = recon. +    KL  seconds{}\n", judge_,
             own_loss_ ? fmt::format("  loss: train {:>9}", judge_) : "");
}

void TrainingReport::add(const EpochFigures& e) {
  fmt::print("{:5}  {:8.3f} {:8.3f} {:6.3f}  {:8.3f} {:8.3f} {:6.3f}  {:7.2f}{}\n", e.epoch,
             e.train.neg_elbo, e.train.reconstruction, e.train.kl, e.test.neg_elbo,
             e.test.reconstruction, e.test.kl, e.seconds,
             own_loss_ ? fmt::format("     {:8.3f}  {:8.3f}", e.train.loss, e.test_loss) : "");
  std::fflush(stdout);
  csv_ += fmt::format("{},{:.3f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f}", e.epoch, e.seconds,
                      e.train.neg_elbo, e.train.reconstruction, e.train.kl, e.test.neg_elbo,
                      e.test.reconstruction, e.test.kl);
  csv_ += own_loss_ ? fmt::format(",{:.5f},{:.5f}\n", e.train.loss, e.test_loss) : "\n";
}

void TrainingReport::print_end(const EpochFigures& last, const Recipe& recipe,
                               const std::string& out) const {
  if (own_loss_) {
    fmt::print("{}: {} loss {:.4f}, the {}'s\n", out, judge_, last.test_loss,
               bound_name(recipe.bound));
  }
  fmt::print("{}: {} negative ELBO {:.4f} after {} epoch{}\n", out, judge_, last.test.neg_elbo,
             last.epoch, last.epoch == 1 ? "" : "s");
}

}  // namespace picovae::tools
