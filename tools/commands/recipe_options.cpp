#include "tools/commands/recipe_options.hpp"

#include <map>
#include <string>

#include "tools/commands/common.hpp"

namespace picovae::tools {
namespace {

// If the option is given, it overrides a member of the preset. Its value is the same member of
// `given`.
template <typename T>
void overrides(RecipeOptions& options, T Recipe::*member, const Option& option) {
  options.overrides.push_back([option, member, &options](Recipe& recipe) {
    if (option.is_given()) recipe.*member = options.given.*member;
  });
}

void add_switch(const Command& command, RecipeOptions& options, const char* name,
                bool Recipe::*member, const char* help) {
  const std::map<std::string, bool> states{{"on", true}, {"off", false}};
  overrides(options, member,
            command.choice(name, options.given.*member, states, help)
                .type_name("on|off")
                .shows_default());
}

void add_preset_option(const Command& command, RecipeOptions& options) {
  options.preset = presets().front().name;
  command
      .text("--preset", options.preset,
            "Recipe that the options below change: default, the best known; deck, plain Adam "
            "at a constant rate",
            [](const std::string& text) -> std::string {
              std::string names;
              for (const Preset& known : presets()) {
                if (known.name == text) return {};
                names += (names.empty() ? "" : ", ") + std::string(known.name);
              }
              return text + " is none of " + names;
            })
      .type_name("default|deck")
      .shows_default();
}

void add_optimizer_options(const Command& command, RecipeOptions& options) {
  Recipe& given = options.given;
  const Option rate =
      command
          .positive("--lr", given.learning_rate,
                    "Adam's learning rate, at its highest; less by default for more than 30 epochs")
          .type_name("RATE")
          .shows_default();
  overrides(options, &Recipe::learning_rate, rate);
  options.rate_given = [rate] { return rate.is_given(); };
  overrides(options, &Recipe::schedule,
            command
                .choice("--schedule", given.schedule, kSchedules,
                        "Of the learning rate: constant, or down to zero along a cosine")
                .type_name("constant|cosine")
                .shows_default());
  overrides(options, &Recipe::warmup,
            command
                .real("--warmup", given.warmup,
                      "Share of the steps over which the learning rate rises", 0.0, 1.0)
                .type_name("SHARE")
                .shows_default());
  overrides(options, &Recipe::beta1,
            command.real("--beta1", given.beta1, "Decay of Adam's mean gradient", 0.0, 0.9999)
                .type_name("B")
                .shows_default());
  add_switch(command, options, "--nesterov", &Recipe::nesterov, "NAdam: each step looks ahead");
  overrides(options, &Recipe::bias_rate,
            command
                .real("--bias-rate", given.bias_rate,
                      "Learning rate of biases, as a multiple of that of weights", 0)
                .type_name("FACTOR")
                .shows_default());
  overrides(options, &Recipe::clip,
            command
                .real("--clip", given.clip,
                      "Largest norm of a gradient, as a multiple of the running mean; 0: any", 0)
                .type_name("FACTOR")
                .shows_default());
  add_switch(command, options, "--sticking", &Recipe::sticking,
             "Sticking the landing: the KL's gradient along the path of z alone");
  add_switch(command, options, "--centred", &Recipe::centred,
             "Train with inputs and hidden activations about zero");
  add_switch(command, options, "--rotated", &Recipe::rotated,
             "Train along the principal axes of hidden activations");
}

void add_training_options(const Command& command, RecipeOptions& options) {
  Recipe& given = options.given;
  overrides(options, &Recipe::epochs,
            command.whole("--epochs", given.epochs, "Passes over the training images", 1, 100'000)
                .type_name("N")
                .shows_default());
  overrides(options, &Recipe::batch,
            command.whole("--batch", given.batch, "Images in an optimizer step", 1, 10'000)
                .type_name("N")
                .shows_default());
  overrides(options, &Recipe::samples,
            command.whole("--samples", given.samples, "z drawn for each image in a step", 1, 1000)
                .type_name("L")
                .shows_default());
  overrides(options, &Recipe::beta,
            command.real("--beta", given.beta, "Weight of the KL in the loss", 0)
                .type_name("B")
                .shows_default());
  add_pixels_option(command, given.pixels);
  options.overrides.push_back([&options](Recipe& recipe) {  // no preset has anything else
    recipe.pixels = options.given.pixels;
    recipe.seed = options.given.seed;
    recipe.threads = options.given.threads;
  });
  add_seed_option(command, given.seed, "Seed of weights, order and noise");
  add_threads_option(command, given.threads);
}

}  // namespace

void add_recipe_options(const Command& command, RecipeOptions& options) {
  add_preset_option(command, options);
  add_training_options(command, options);
  add_optimizer_options(command, options);
}

Recipe RecipeOptions::recipe() const {
  Recipe result;
  for (const Preset& known : presets()) {
    if (known.name == preset) result = known.recipe;
  }
  for (const auto& apply : overrides) apply(result);
  // A constant rate is what it is, and so is one that was chosen.
  if (!rate_given() && result.schedule == Schedule::kCosine) {
    result.learning_rate = long_rate(result.learning_rate, result.epochs);
  }
  return result;
}

}  // namespace picovae::tools
