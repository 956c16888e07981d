#include "tools/commands/train_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "tools/base/notice.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/shared/command_line.hpp"

namespace picovae::tools {

TrainReport::TrainReport(const Recipe& recipe, std::string_view held_out)
    : recipe_(recipe),
      held_out_(held_out),
      own_loss_(recipe.bound != Bound::kElbo),
      csv_(fmt::format("epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
                       "{0}_neg_elbo,{0}_reconstruction,{0}_kl",
                       held_out_)) {
  csv_ += own_loss_ ? fmt::format(",train_loss,{}_loss\n", held_out_) : "\n";
}

std::string TrainReport::describe_objective() const {
  std::string elbo = "negative ELBO = reconstruction + KL";
  switch (recipe_.bound) {
    case Bound::kImportanceWeighted:
      return fmt::format("loss = -log of the mean weight of {} z (IWAE); {}", recipe_.samples,
                         elbo);
    case Bound::kDeck:
      return "loss = the deck's, NOT an ELBO: binary pixels, sigma for sigma^2 in the KL, "
             "tested at z = mu;\nthe honest " +
             elbo;
    case Bound::kElbo:
      break;
  }
  return elbo;
}

void TrainReport::print_head(const Kernels& kernels, unsigned threads) const {
  say("{}, nats per image ({}, {})\n", describe_objective(), kernels.name,
      counted(threads, "thread"));
  const std::string_view judge = held_out_.size() > 9 ? "valid." : held_out_;  // fits its column
  say("epoch     train = recon. +    KL {:>9} = recon. +    KL  seconds{}\n", judge,
      own_loss_ ? fmt::format("  loss: train {:>9}", judge) : "");
}

void TrainReport::add(const EpochFigures& e) {
  say("{:5}  {:8.3f} {:8.3f} {:6.3f}  {:8.3f} {:8.3f} {:6.3f}  {:7.2f}{}\n", e.epoch,
      e.train.neg_elbo, e.train.reconstruction, e.train.kl, e.held_out.neg_elbo,
      e.held_out.reconstruction, e.held_out.kl, e.seconds,
      own_loss_ ? fmt::format("     {:8.3f}  {:8.3f}", e.train.loss, e.held_out_loss) : "");
  std::fflush(report_stream());
  csv_ += fmt::format("{},{:.3f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f}", e.epoch, e.seconds,
                      e.train.neg_elbo, e.train.reconstruction, e.train.kl, e.held_out.neg_elbo,
                      e.held_out.reconstruction, e.held_out.kl);
  csv_ += own_loss_ ? fmt::format(",{:.5f},{:.5f}\n", e.train.loss, e.held_out_loss) : "\n";
}

void TrainReport::print_end(const EpochFigures& last, const std::string& out, std::size_t active,
                            std::size_t latents) const {
  if (own_loss_) {
    say("{}: {} loss {:.4f}, the {}'s\n", out, held_out_, last.held_out_loss,
        name_of(kBounds, recipe_.bound));
  }
  say("{}: {} negative ELBO {:.4f} after {}; {} of {} active\n", out, held_out_,
      last.held_out.neg_elbo, counted(static_cast<std::size_t>(last.epoch), "epoch"), active,
      counted(latents, "latent"));
  constexpr std::size_t kFew = 2;
  if (active < std::min(kFew, latents)) {
    notice(
        "{} of {} active: the code collapsed and images hardly depend on it; train longer, with a "
        "lower --beta or with --kl-warmup",
        active, counted(latents, "latent"));
  }
}

}  // namespace picovae::tools
