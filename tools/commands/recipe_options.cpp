#include "tools/commands/recipe_options.hpp"

#include <map>
#include <vector>

#include "tools/commands/choice.hpp"
#include "tools/commands/common.hpp"
#include "tools/commands/numbers.hpp"

namespace picovae::tools {
namespace {

// Adds an option for a member of the recipe, which overrides the preset.
template <typename T>
CLI::Option* add(CLI::App& command, RecipeOptions& options, const char* name, T Recipe::*member,
                 const char* help) {
  CLI::Option* option = command.add_option(name, options.given.*member, help);
  options.overrides.push_back([option, member, &options](Recipe& recipe) {
    if (option->count() > 0) recipe.*member = options.given.*member;
  });
  return option;
}

void add_switch(CLI::App& command, RecipeOptions& options, const char* name, bool Recipe::*member,
                const char* help) {
  add(command, options, name, member, help)
      ->transform(choice(std::map<std::string, bool>{{"on", true}, {"off", false}}))
      ->type_name("on|off")
      ->default_str(options.given.*member ? "on" : "off");
}

void add_preset_option(CLI::App& command, RecipeOptions& options) {
  std::vector<std::string> names;
  for (const Preset& known : presets()) names.emplace_back(known.name);
  options.preset = names.front();
  command
      .add_option("--preset", options.preset,
                  "Recipe that the options below change: default, the best known; deck, plain Adam "
                  "at a constant rate")
      ->check(CLI::IsMember(names))
      ->type_name("default|deck")
      ->capture_default_str();
}

void add_optimizer_options(CLI::App& command, RecipeOptions& options) {
  CLI::Option* rate =
      add(command, options, "--lr", &Recipe::learning_rate,
          "Adam's learning rate, at its highest; less by default for more than 30 epochs")
          ->transform(positive_number())
          ->type_name("RATE")
          ->capture_default_str();
  options.rate_given = [rate] { return rate->count() > 0; };
  add(command, options, "--schedule", &Recipe::schedule,
      "Of the learning rate: constant, or down to zero along a cosine")
      ->transform(choice(kSchedules))
      ->type_name("constant|cosine")
      ->default_str(std::string{schedule_name(options.given.schedule)});
  add(command, options, "--warmup", &Recipe::warmup,
      "Share of the steps over which the learning rate rises")
      ->transform(real_number(0.0, 1.0))
      ->type_name("SHARE")
      ->capture_default_str();
  add(command, options, "--beta1", &Recipe::beta1, "Decay of Adam's mean gradient")
      ->transform(real_number(0.0, 0.9999))
      ->type_name("B")
      ->capture_default_str();
  add_switch(command, options, "--nesterov", &Recipe::nesterov, "NAdam: each step looks ahead");
  add(command, options, "--bias-rate", &Recipe::bias_rate,
      "Learning rate of biases, as a multiple of that of weights")
      ->transform(real_number(0))
      ->type_name("FACTOR")
      ->capture_default_str();
  add(command, options, "--clip", &Recipe::clip,
      "Largest norm of a gradient, as a multiple of the running mean; 0: any")
      ->transform(real_number(0))
      ->type_name("FACTOR")
      ->capture_default_str();
  add_switch(command, options, "--sticking", &Recipe::sticking,
             "Sticking the landing: the KL's gradient along the path of z alone");
  add_switch(command, options, "--centred", &Recipe::centred,
             "Train with inputs and hidden activations about zero");
  add_switch(command, options, "--rotated", &Recipe::rotated,
             "Train along the principal axes of hidden activations");
}

void add_training_options(CLI::App& command, RecipeOptions& options) {
  add(command, options, "--epochs", &Recipe::epochs, "Passes over the training images")
      ->transform(whole_number(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  add(command, options, "--batch", &Recipe::batch, "Images in an optimizer step")
      ->transform(whole_number(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
  add(command, options, "--samples", &Recipe::samples, "z drawn for each image in a step")
      ->transform(whole_number(1, 1000))
      ->type_name("L")
      ->capture_default_str();
  add(command, options, "--beta", &Recipe::beta, "Weight of the KL in the loss")
      ->transform(real_number(0))
      ->type_name("B")
      ->capture_default_str();
  add_pixels_option(command, options.given.pixels);
  options.overrides.push_back([&options](Recipe& recipe) {  // no preset has anything else
    recipe.pixels = options.given.pixels;
    recipe.seed = options.given.seed;
    recipe.threads = options.given.threads;
  });
  add_seed_option(command, options.given.seed, "Seed of weights, order and noise");
  add_threads_option(command, options.given.threads);
}

}  // namespace

void add_recipe_options(CLI::App& command, RecipeOptions& options) {
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
