#include "tools/commands/train_options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/shape_text.hpp"
#include "tools/measure/fit_classes.hpp"
#include "tools/quantize/pixel_statistics.hpp"
#include "tools/quantize/prune.hpp"
#include "tools/train/fit.hpp"

namespace picovae::tools {
namespace {

// Whole numbers with a separator between them; empty if the text is anything else.
std::vector<std::size_t> parse_sizes(std::string_view text, char separator) {
  std::vector<std::size_t> sizes;
  while (true) {
    const std::size_t end = text.find(separator);
    const auto size = parse_number<std::size_t>(text.substr(0, end));
    if (!size) return {};
    sizes.push_back(*size);
    if (end == text.npos) return sizes;
    text.remove_prefix(end + 1);
  }
}

std::string complaint_about_widths(const std::string& text, std::span<const std::size_t> widths,
                                   std::size_t largest) {
  for (const std::size_t width : widths) {
    if (width < 1 || width > largest) {
      return fmt::format("{}: {} is not between 1 and {}", text, width, largest);
    }
  }
  return "";
}

constexpr std::size_t kMaxLatents = kMaxWidth / 2;  // mu and logvar are one layer

std::string complaint_about_shape(const std::string& text) {
  const std::vector<std::size_t> sizes = parse_sizes(text, '-');
  if (sizes.size() != 3 && sizes.size() != 4) {
    return text +
           " is no shape: numbers such as 784-300-300-50 or, of one hidden layer, 784-400-20, "
           "pixels to latents";
  }
  const std::string complaint =
      complaint_about_widths(text, std::span(sizes).first(sizes.size() - 1), kMaxWidth);
  return complaint.empty() ? complaint_about_widths(text, std::span(sizes).last(1), kMaxLatents)
                           : complaint;
}

std::string complaint_about_hidden(const std::string& text) {
  const std::vector<std::size_t> sizes = parse_sizes(text, ',');
  if (sizes.size() != 1 && sizes.size() != 2) {
    return text + " is not one number or two such as 128,64";
  }
  return complaint_about_widths(text, sizes, kMaxWidth);
}

constexpr std::size_t kLargestFit = 1 << 20;  // KiB

// Bytes of a size such as 256K; 0 if the text is none.
std::size_t parse_flash(std::string_view text) {
  if (!text.ends_with('K')) return 0;
  const auto size = parse_number<std::size_t>(text.substr(0, text.size() - 1));
  return size && *size <= kLargestFit ? *size * 1024 : 0;
}

std::string complaint_about_fit(const std::string& text) {
  if (parse_flash(text) != 0) return "";
  return fmt::format("{} is no size of a flash such as 256K: 1K to {}K of 1024 bytes", text,
                     kLargestFit);
}

// Says what was chosen.
Dimensions fitting_shape(std::size_t flash, const LabeledImages& data, std::size_t pixels) {
  const PixelStatistics statistics = statistics_of(data.images.pixels, pixels);
  const PruneOptions prune;
  const double nats = kOutputShare * prune.nats;
  const Fit fit = fit_shape(
      flash, {.pixels = static_cast<std::uint16_t>(pixels),
              .dead_inputs = static_cast<std::uint16_t>(count_dead_inputs(statistics, nats)),
              .dead_outputs = static_cast<std::uint16_t>(count_dead_outputs(statistics, nats)),
              .classes = distinct_labels(data.labels).size()});
  const Dimensions d = fit.shape;
  say("shape {}: {} bytes of flash expected as s8, {} more for code; {} bytes of RAM "
      "without stack\n",
      shape_text(d), fit.model, kCodeBytes, fit.ram);
  return d;
}

void add_training_options(Command command, Recipe& recipe) {
  command.whole("--epochs", recipe.epochs, {1, 100'000}, "N", "Passes over the training images");
  command.whole("--batch", recipe.batch, {1, 10'000}, "N", "Images in an optimizer step");
  command.whole("--samples", recipe.samples, {1, 1000}, "L", "z drawn for each image in a step");
  command.whole("--samples-late", recipe.samples_late, {1, 1000}, "L",
                "The same in the last steps; at least --samples");
  command.real("--late-share", recipe.late_share, {0, 1}, "SHARE",
               "Share of the steps that are the last ones");
  command.on_or_off("--antithetic", recipe.antithetic,
                    "Every second z of an image mirrors the one before: mu - sigma eps");
  command.real("--augment", recipe.augment, {0, 1}, "SHARE",
               "Share of the images of a step that are turned, scaled and slanted a little");
  command.real("--augment-until", recipe.augment_until, {0, 1}, "SHARE",
               "Share of the steps, the first ones, that do so");
  command.real("--beta", recipe.beta, {0}, "B", "Weight of the KL in the loss");
  command.pixels(recipe.pixels);
  command.seed(recipe.seed, "Seed of weights, order and noise");
}

void add_optimizer_options(Command command, Recipe& recipe) {
  command.positive("--lr", recipe.learning_rate, "RATE",
                   "Adam's learning rate, at its highest; less by default for more than 30 epochs");
  command.choice("--schedule", recipe.schedule, kSchedules,
                 "Of the learning rate: constant, or down to zero along a cosine");
  command.real("--warmup", recipe.warmup, {0, 1}, "SHARE",
               "Share of the steps over which the learning rate rises");
  command.real("--beta1", recipe.beta1, {0, 0.9999}, "B", "Decay of Adam's mean gradient");
  command.on_or_off("--nesterov", recipe.nesterov, "NAdam: each step looks ahead");
  command.real("--bias-rate", recipe.bias_rate, {0}, "FACTOR",
               "Learning rate of biases, as a multiple of that of weights");
  command.real("--clip", recipe.clip, {0}, "FACTOR",
               "Largest norm of a gradient, as a multiple of the running mean; 0: no limit");
  command.on_or_off("--sticking", recipe.sticking,
                    "Sticking the landing: the KL's gradient along the path of z alone");
  command.on_or_off("--centered", recipe.centered,
                    "Train with inputs and hidden activations about zero");
  command.on_or_off("--rotated", recipe.rotated,
                    "Train along the principal axes of hidden activations");
}

void add_objective_options(Command command, RecipeOptions& options) {
  command.choice(
      "--objective", options.recipe.bound, std::span(kBounds).first(2),  // not the deck's
      "elbo, or the tighter bound of --samples importance-weighted z (Burda et al. 2015)");
  command.real("--kl-warmup", options.recipe.kl_warmup, {0}, "EPOCHS",
               "Epochs over which the weight of the KL rises from 0 to --beta");
  command.flag("--deck-loss", options.deck_loss,
               "With --preset deck: the loss as the deck prints it, which is not an ELBO");
}

void refuse_with(const Command& command, const char* objective,
                 std::initializer_list<const char*> others) {
  for (const char* other : others) {
    if (command.given(other)) {
      throw Misuse(fmt::format("{} contradicts {}: its loss has no such part", objective, other));
    }
  }
}

// Sticking estimates the gradient of a closed KL, which the loss of `objective` does not have.
void turn_off_sticking(const Command& command, const char* objective, Recipe& recipe) {
  if (command.given("--sticking") && recipe.sticking) {
    throw Misuse(
        fmt::format("{} contradicts --sticking on, which is about the KL of an ELBO", objective));
  }
  recipe.sticking = false;
}

void apply_deck_loss(const Command& command, Recipe& recipe) {
  refuse_with(command, "--deck-loss", {"--objective", "--beta", "--kl-warmup"});
  if (command.text_of("--preset") != "deck") {
    throw Misuse("--deck-loss belongs to --preset deck; give both");
  }
  if (command.given("--pixels") && recipe.pixels != PixelMode::kBinary) {
    throw Misuse(fmt::format("--deck-loss contradicts --pixels {}: it is one of binary pixels",
                             name_of(kPixelModes, recipe.pixels)));
  }
  turn_off_sticking(command, "--deck-loss", recipe);
  recipe.pixels = PixelMode::kBinary;
  recipe.bound = Bound::kDeck;
}

// More samples in --samples alone are no fewer later.
void settle_samples(const Command& command, Recipe& recipe) {
  if (!command.given("--samples-late")) {
    recipe.samples_late = std::max(recipe.samples, recipe.samples_late);
  } else if (recipe.samples_late < recipe.samples) {
    throw Misuse(fmt::format("--samples-late {} is less than --samples {}", recipe.samples_late,
                             recipe.samples));
  }
}

// The bound is another one for each number of z, which are independent.
void keep_samples_equal(const Command& command, Recipe& recipe) {
  for (const char* other : {"--samples-late", "--late-share"}) {
    if (command.given(other)) {
      throw Misuse(fmt::format("--objective iwae contradicts {}: all steps have --samples", other));
    }
  }
  if (command.given("--antithetic") && recipe.antithetic) {
    throw Misuse("--objective iwae contradicts --antithetic on: its z are independent");
  }
  recipe.samples_late = recipe.samples;
  recipe.antithetic = false;
}

void check_importance_weighted(const Command& command, Recipe& recipe) {
  refuse_with(command, "--objective iwae", {"--beta", "--kl-warmup"});
  if (recipe.samples < 2) {
    throw Misuse(fmt::format("--objective iwae with --samples {} is the ELBO; give at least 2",
                             recipe.samples));
  }
  turn_off_sticking(command, "--objective iwae", recipe);
  keep_samples_equal(command, recipe);
}

void check_kl_warmup(const Recipe& recipe) {
  if (recipe.kl_warmup > recipe.epochs) {
    throw Misuse(fmt::format("--kl-warmup {:g} is longer than --epochs {}", recipe.kl_warmup,
                             recipe.epochs));
  }
  if (recipe.kl_warmup > 0 && recipe.beta == 0) {
    throw Misuse("--kl-warmup contradicts --beta 0, a weight that never rises");
  }
}

}  // namespace

void add_shape_options(Command command, ShapeOptions& options) {
  command.text(
      "--hidden", options.hidden, complaint_about_hidden, "H1,H2",
      "Units of the encoder's two hidden layers, or of its only one; the decoder has them the "
      "other way");
  command.whole("--latent", options.latent, {1, kMaxLatents}, "N", "Latents");
  command
      .text("--shape", options.shape, complaint_about_shape, "P-H1-H2-N",
            "All sizes, such as 784-300-300-50, or 784-400-20 of one hidden layer; P is the pixels "
            "of the images, to which "
            "pictures of a folder are brought")
      .excludes("--hidden")
      .excludes("--latent");
  command
      .text("--fit", options.fit, complaint_about_fit, "SIZE",
            "The best sizes for a board with so much flash, such as 128K or 256K, for both halves, "
            "as quantize makes them by default, and code")
      .excludes("--hidden")
      .excludes("--latent")
      .excludes("--shape");
}

std::size_t pixels_of(const ShapeOptions& options) {
  const std::vector<std::size_t> sizes = parse_sizes(options.shape, '-');
  return sizes.empty() ? 0 : sizes[0];
}

Dimensions trained_shape(const ShapeOptions& options, const LabeledImages& data) {
  const Images& images = data.images;
  const std::size_t pixels = images.rows * images.cols;
  if (pixels > kMaxWidth) {
    fail("images have {} x {} = {} pixels; a model takes at most {}", images.rows, images.cols,
         pixels, kMaxWidth);
  }
  if (!options.fit.empty()) return fitting_shape(parse_flash(options.fit), data, pixels);
  std::vector<std::size_t> sizes = parse_sizes(options.shape, '-');
  if (sizes.empty()) {
    const std::vector<std::size_t> hidden = parse_sizes(options.hidden, ',');
    sizes = {pixels};
    sizes.insert(sizes.end(), hidden.begin(), hidden.end());
    sizes.push_back(options.latent);
  }
  if (sizes.size() == 3) sizes.insert(sizes.end() - 1, 0);  // no second hidden layer
  const auto width = [&](std::size_t i) { return static_cast<std::uint16_t>(sizes[i]); };
  return {width(0), width(1), width(2), width(3)};
}

void add_recipe_options(Command command, RecipeOptions& options) {
  // First, so that it sets all of the recipe and the others change that.
  command.choice("--preset", options.recipe, presets(),
                 "Recipe that the options below change: default, the best known; deck, plain Adam "
                 "at a constant rate");
  command.choice("--activation", options.recipe.activation, kActivations,
                 "Of hidden layers: softplus, or relu, of which boards compute a little less");
  add_training_options(command, options.recipe);
  add_optimizer_options(command, options.recipe);
  add_objective_options(command, options);
}

Recipe requested_recipe(const Command& command, const RecipeOptions& options) {
  Recipe recipe = options.recipe;
  if (!command.given("--lr") && recipe.schedule == Schedule::kCosine) {
    recipe.learning_rate = long_rate(recipe.learning_rate, recipe.epochs);
  }
  settle_samples(command, recipe);
  if (options.deck_loss) {
    apply_deck_loss(command, recipe);
  } else if (recipe.bound == Bound::kImportanceWeighted) {
    check_importance_weighted(command, recipe);
  } else {
    check_kl_warmup(recipe);
  }
  return recipe;
}

}  // namespace picovae::tools
