#include "tools/commands/objective.hpp"

#include <fmt/core.h>

#include <initializer_list>
#include <map>

#include "tools/measure/elbo.hpp"
#include "tools/measure/nll.hpp"

namespace picovae::tools {
namespace {

void refuse_with(const Command& command, const char* objective,
                 std::initializer_list<const char*> others) {
  for (const char* other : others) {
    if (command.is_given(other)) {
      misuse(fmt::format("{} contradicts {}: its loss has no such part", objective, other));
    }
  }
}

// Of an estimate of the KL's gradient, where no closed KL is part of the loss.
void turn_off_sticking(const Command& command, const char* objective, Recipe& recipe) {
  if (command.is_given("--sticking") && recipe.sticking) {
    misuse(
        fmt::format("{} contradicts --sticking on, which is about the KL of an ELBO", objective));
  }
  recipe.sticking = false;
}

}  // namespace

void add_objective_options(const Command& command, ObjectiveOptions& options) {
  const std::map<std::string, Bound> bounds = {{"elbo", Bound::kElbo},
                                               {"iwae", Bound::kImportanceWeighted}};
  command
      .choice("--objective", options.bound, bounds,
              "elbo, or the tighter bound of --samples importance-weighted z (Burda et al. 2015)")
      .type_name("elbo|iwae")
      .shows_default();
  command
      .real("--kl-warmup", options.kl_warmup,
            "Epochs over which the weight of the KL rises from 0 to --beta", 0)
      .type_name("EPOCHS")
      .shows_default();
  command.flag("--deck-loss", options.deck_loss,
               "With --preset deck: the loss as the deck prints it, which is not an ELBO");
}

void apply_objective(const Command& command, const ObjectiveOptions& options,
                     const std::string& preset, Recipe& recipe) {
  recipe.bound = options.bound;
  recipe.kl_warmup = options.kl_warmup;
  if (options.deck_loss) {
    refuse_with(command, "--deck-loss", {"--objective", "--beta", "--kl-warmup"});
    if (preset != "deck") misuse("--deck-loss belongs to --preset deck; give both");
    if (command.is_given("--pixels") && recipe.pixels != PixelMode::kBinary) {
      misuse(fmt::format("--deck-loss contradicts --pixels {}: it is one of binary pixels",
                         pixel_mode_name(recipe.pixels)));
    }
    turn_off_sticking(command, "--deck-loss", recipe);
    recipe.pixels = PixelMode::kBinary;
    recipe.bound = Bound::kDeck;
    return;
  }
  if (recipe.bound == Bound::kImportanceWeighted) {
    refuse_with(command, "--objective iwae", {"--beta", "--kl-warmup"});
    if (recipe.samples < 2) {
      misuse(fmt::format("--objective iwae with --samples {} is the ELBO; give at least 2",
                         recipe.samples));
    }
    turn_off_sticking(command, "--objective iwae", recipe);
    return;
  }
  if (recipe.kl_warmup > recipe.epochs) {
    misuse(fmt::format("--kl-warmup {:g} is longer than --epochs {}", recipe.kl_warmup,
                       recipe.epochs));
  }
  if (recipe.kl_warmup > 0 && recipe.beta == 0) {
    misuse("--kl-warmup contradicts --beta 0, a weight that never rises");
  }
}

std::string describe_objective(const Recipe& recipe) {
  std::string elbo = "negative ELBO = reconstruction + KL";
  switch (recipe.bound) {
    case Bound::kImportanceWeighted:
      return fmt::format("loss = -log of the mean weight of {} z (IWAE); {}", recipe.samples, elbo);
    case Bound::kDeck:
      return "loss = the deck's, NOT an ELBO: binary pixels, sigma for sigma^2 in the KL, "
             "tested at z = mu;\nthe honest " +
             elbo;
    case Bound::kElbo:
      break;
  }
  return elbo;
}

double test_loss(const Model& model, std::span<const std::uint8_t> images, const Recipe& recipe) {
  if (recipe.bound == Bound::kDeck) return evaluate_deck_loss(model, images, recipe.threads);
  return estimate_nll(model, images,
                      {.samples = recipe.samples,
                       .pixels = recipe.pixels,
                       .seed = recipe.seed,
                       .threads = recipe.threads})
      .nll;
}

}  // namespace picovae::tools
