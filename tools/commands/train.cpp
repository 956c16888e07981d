// picovae train: fits the network to a data set and writes it as safetensors.
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tools/built_shape.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/commands/numbers.hpp"
#include "tools/commands/objective.hpp"
#include "tools/data/dataset.hpp"
#include "tools/error.hpp"
#include "tools/file.hpp"
#include "tools/isa.hpp"
#include "tools/model/classes.hpp"
#include "tools/model/elbo.hpp"
#include "tools/model/model.hpp"
#include "tools/train/trainer.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/pairs.hpp"
#include "tools/view/png.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path data, out, log, pictures;
  std::size_t validation = 0;
  std::string preset;
  ObjectiveOptions objective;
  Recipe given;  // what the options say; they count where they were used
  std::vector<std::function<void(Recipe&)>> overrides;
  std::function<bool()> rate_given;

  // The preset, and over it what was said explicitly.
  Recipe recipe() const {
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
};

struct EpochFigures {
  int epoch;
  double seconds;  // of training alone
  EpochLoss train;
  Elbo test;
  double test_loss;  // where the loss is no ELBO
};

// The log so far, written whole after each epoch, so that it is never half a line.
class Log {
 public:
  Log(std::filesystem::path path, bool own_loss) : path_(std::move(path)), own_loss_(own_loss) {
    text_ += own_loss_ ? ",train_loss,test_loss\n" : "\n";
  }

  void add(const EpochFigures& e) {
    text_ += fmt::format("{},{:.3f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f}", e.epoch, e.seconds,
                         e.train.neg_elbo, e.train.reconstruction, e.train.kl, e.test.neg_elbo,
                         e.test.reconstruction, e.test.kl);
    text_ += own_loss_ ? fmt::format(",{:.5f},{:.5f}\n", e.train.loss, e.test_loss) : "\n";
    if (!path_.empty()) write_file(path_, text_);
  }

 private:
  std::filesystem::path path_;
  bool own_loss_;
  std::string text_ =
      "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
      "test_neg_elbo,test_reconstruction,test_kl";
};

// A grid of samples and one of test images over their reconstructions.
void draw_epoch(const std::filesystem::path& folder, int epoch, Model& model,
                std::span<const std::uint8_t> test_images) {
  constexpr std::size_t kSamples = 100;
  constexpr std::size_t kPairs = 20;
  const std::size_t side = image_side();
  std::vector<std::uint8_t> samples(kSamples * BuiltShape::kPixels);
  model.generate(1, 0, kSamples, samples.data());
  write_png(folder / fmt::format("samples_{:03}.png", epoch), compose_grid(samples, side, side));
  const auto images = test_images.first(std::min(kPairs * BuiltShape::kPixels, test_images.size()));
  std::vector<std::uint8_t> reconstructions(images.size());
  model.reconstruct(images, reconstructions.data());
  write_png(folder / fmt::format("reconstructions_{:03}.png", epoch),
            compose_pairs(images, reconstructions, side));
}

void describe(Network& network, const Recipe& recipe, const EpochFigures& last) {
  auto& about = network.metadata;
  about["picovae.version"] = PICOVAE_VERSION;
  about["epochs"] = fmt::format("{}", last.epoch);
  about["batch"] = fmt::format("{}", recipe.batch);
  about["learning_rate"] = fmt::format("{:g}", recipe.learning_rate);
  about["schedule"] = schedule_name(recipe.schedule);
  about["warmup"] = fmt::format("{:g}", recipe.warmup);
  about["beta1"] = fmt::format("{:g}", recipe.beta1);
  about["nesterov"] = fmt::format("{}", recipe.nesterov);
  about["bias_rate"] = fmt::format("{:g}", recipe.bias_rate);
  about["clip"] = fmt::format("{:g}", recipe.clip);
  about["sticking"] = fmt::format("{}", recipe.sticking);
  about["centred"] = fmt::format("{}", recipe.centred);
  about["rotated"] = fmt::format("{}", recipe.rotated);
  about["samples"] = fmt::format("{}", recipe.samples);
  about["beta"] = fmt::format("{:g}", recipe.beta);
  about["kl_warmup"] = fmt::format("{:g}", recipe.kl_warmup);
  about["objective"] = bound_name(recipe.bound);
  about["pixels"] = pixel_mode_name(recipe.pixels);
  about["seed"] = fmt::format("{}", recipe.seed);
  about["test_neg_elbo"] = fmt::format("{:.4f}", last.test.neg_elbo);
  about["test_reconstruction"] = fmt::format("{:.4f}", last.test.reconstruction);
  about["test_kl"] = fmt::format("{:.4f}", last.test.kl);
}

void check_outputs(const Options& options) {
  check_writable(options.out);
  if (!options.log.empty()) check_writable(options.log);
  if (!options.pictures.empty()) {
    image_side();
    check_writable(options.pictures / "samples_001.png");
  }
}

void run(const Options& options, const Recipe& recipe) {
  check_outputs(options);
  const Kernels& kernels = chosen_kernels();
  const Dataset data = load_dataset(options.data, BuiltShape::kPixels, options.validation);
  const char* const judge = options.validation == 0 ? "test" : "valid.";
  const bool own_loss = has_own_loss(recipe);
  if (recipe.batch > data.train.images.count) {
    fail("--batch {}: there are only {} training images; choose a smaller batch", recipe.batch,
         data.train.images.count);
  }
  Trainer trainer(BuiltShape::kDimensions, data.train.images.pixels, recipe, kernels);
  const EvaluateOptions evaluation{
      .pixels = recipe.pixels, .seed = recipe.seed, .threads = recipe.threads};

  fmt::print("{}, nats per image ({}, {} thread{})\n", describe_objective(recipe), kernels.name,
             recipe.threads, recipe.threads == 1 ? "" : "s");
  fmt::print("epoch     train = recon. +    KL {:>9} = recon. +    KL  seconds{}\n", judge,
             own_loss ? fmt::format("  loss: train {:>9}", judge) : "");
  Log log(options.log, own_loss);
  EpochFigures figures{};
  for (int epoch = 1; epoch <= recipe.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    {
      constexpr std::size_t kSteps = 1000;
      Progress bar(fmt::format("epoch {} of {}", epoch, recipe.epochs), kSteps);
      figures.train = trainer.run_epoch([&](double fraction, const EpochLoss& so_far) {
        bar.update(static_cast<std::size_t>(fraction * kSteps), fmt::format("{:.2f}", so_far.loss));
      });
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const auto model = make_model(trainer.network(), kernels);
    figures.epoch = epoch;
    figures.seconds = seconds.count();
    figures.test = evaluate(*model, data.test.images.pixels, evaluation);
    if (own_loss) figures.test_loss = test_loss(*model, data.test.images.pixels, recipe);
    fmt::print("{:5}  {:8.3f} {:8.3f} {:6.3f}  {:8.3f} {:8.3f} {:6.3f}  {:7.2f}{}\n", epoch,
               figures.train.neg_elbo, figures.train.reconstruction, figures.train.kl,
               figures.test.neg_elbo, figures.test.reconstruction, figures.test.kl, figures.seconds,
               own_loss
                   ? fmt::format("     {:8.3f}  {:8.3f}", figures.train.loss, figures.test_loss)
                   : "");
    std::fflush(stdout);
    log.add(figures);
    if (!options.pictures.empty()) {
      draw_epoch(options.pictures, epoch, *model, data.test.images.pixels);
    }
  }
  Network network = trainer.network();
  describe(network, recipe, figures);
  network.classes = fit_known_classes(*make_model(network, kernels), data.train, evaluation);
  save_network(options.out, network);
  if (own_loss) {
    fmt::print("{}: {} loss {:.4f}, the {}'s\n", options.out.string(), judge, figures.test_loss,
               bound_name(recipe.bound));
  }
  fmt::print("{}: {} negative ELBO {:.4f} after {} epoch{}\n", options.out.string(), judge,
             figures.test.neg_elbo, figures.epoch, figures.epoch == 1 ? "" : "s");
}

// Adds an option for a member of the recipe, which overrides the preset.
template <typename T>
CLI::Option* add(CLI::App& command, Options& options, const char* name, T Recipe::*member,
                 const char* help) {
  CLI::Option* option = command.add_option(name, options.given.*member, help);
  options.overrides.push_back([option, member, &options](Recipe& recipe) {
    if (option->count() > 0) recipe.*member = options.given.*member;
  });
  return option;
}

void add_switch(CLI::App& command, Options& options, const char* name, bool Recipe::*member,
                const char* help) {
  add(command, options, name, member, help)
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, bool>{{"on", true}, {"off", false}}))
      ->type_name("on|off")
      ->default_str(options.given.*member ? "on" : "off");
}

void add_preset_option(CLI::App& command, Options& options) {
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

void add_recipe_options(CLI::App& command, Options& options) {
  add_preset_option(command, options);
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

void add_optimizer_options(CLI::App& command, Options& options) {
  CLI::Option* rate =
      add(command, options, "--lr", &Recipe::learning_rate,
          "Adam's learning rate, at its highest; less by default for more than 30 epochs")
          ->transform(positive_number())
          ->type_name("RATE")
          ->capture_default_str();
  options.rate_given = [rate] { return rate->count() > 0; };
  std::map<std::string, Schedule> schedules;
  for (const auto& [name, schedule] : kSchedules) schedules.emplace(name, schedule);
  add(command, options, "--schedule", &Recipe::schedule,
      "Of the learning rate: constant, or down to zero along a cosine")
      ->transform(CLI::CheckedTransformer(schedules))
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

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("train", "Train the network, reporting the ELBO each epoch");
  add_data_option(*command, options->data);
  command->add_option("--out", options->out, "Model to write")
      ->required()
      ->type_name("FILE.safetensors");
  add_recipe_options(*command, *options);
  add_optimizer_options(*command, *options);
  add_objective_options(*command, options->objective);
  add_validation_option(*command, options->validation);
  command->add_option("--log", options->log, "CSV of each epoch's figures")->type_name("FILE");
  command
      ->add_option("--pictures", options->pictures,
                   "Folder for a PNG of samples and one of reconstructions each epoch")
      ->type_name("DIR");
  command->footer(
      "Example:\n"
      "  picovae train --out model.safetensors --log log.csv\n"
      "Any data set of images of this size in IDX files, with any labels:\n"
      "  picovae train --data fashion-mnist --out fashion.safetensors\n"
      "  picovae train --data emnist/emnist-letters --out letters.safetensors");
  command->callback([options, command] {
    Recipe recipe = options->recipe();
    apply_objective(*command, options->objective, options->preset, recipe);
    run(*options, recipe);
  });
}

}  // namespace picovae::tools
