// picovae train: fits the network to a data set and writes it as safetensors.
#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "picovae/version.h"
#include "tools/base/built_shape.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/commands/objective.hpp"
#include "tools/commands/recipe_options.hpp"
#include "tools/commands/run_keeper.hpp"
#include "tools/commands/training_report.hpp"
#include "tools/commands/training_settings.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/fit_classes.hpp"
#include "tools/measure/model.hpp"
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
  RecipeOptions recipe;
  ObjectiveOptions objective;
  CheckpointOptions checkpoint;
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
  about = settings_of(recipe);
  about["picovae.version"] = PICOVAE_VERSION;
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

class Training {
 public:
  Training(const Options& options, const Recipe& recipe);
  void run();

 private:
  void train_epoch();
  void evaluate_epoch();
  void write_epoch() const;
  void write_model();

  const Options& options_;
  const Recipe& recipe_;
  const Kernels& kernels_ = chosen_kernels();
  const EvaluateOptions evaluation_{
      .pixels = recipe_.pixels, .seed = recipe_.seed, .threads = recipe_.threads};
  RunKeeper keeper_;
  Dataset data_;
  Trainer trainer_;
  TrainingReport report_;
  EpochFigures figures_{};
  std::unique_ptr<Model> model_;  // as it was evaluated
};

Dataset load_data(const Options& options, const Recipe& recipe) {
  Dataset data = load_dataset(options.data, BuiltShape::kPixels, options.validation);
  if (recipe.batch > data.train.images.count) {
    fail("--batch {}: there are only {} training images; choose a smaller batch", recipe.batch,
         data.train.images.count);
  }
  return data;
}

Training::Training(const Options& options, const Recipe& recipe)
    : options_(options),
      recipe_(recipe),
      keeper_(options.checkpoint, options.out),
      data_(load_data(options, recipe)),
      trainer_(BuiltShape::kDimensions, data_.train.images.pixels, recipe, kernels_),
      report_(recipe, options.validation == 0 ? "test" : "valid.") {}

void Training::run() {
  report_.print_head(recipe_, kernels_);
  report_.go_on_from(keeper_.start(
      trainer_, settings_of_run(recipe_, kernels_, data_, options_.validation), report_.csv()));
  if (keeper_.resumes()) {
    fmt::print("resumed {} epoch {}\n", trainer_.is_between_epochs() ? "after" : "within",
               trainer_.epoch() + (trainer_.is_between_epochs() ? 0 : 1));
  }
  // Of its last epoch the run may have left nothing but the checkpoint.
  if (trainer_.epoch() > 0 && trainer_.is_between_epochs()) {
    evaluate_epoch();
    write_epoch();
  }
  while (trainer_.epoch() < recipe_.epochs) {
    train_epoch();
    evaluate_epoch();
    report_.add(figures_);
    // First of all: nothing is lost where another file cannot be written.
    keeper_.save(trainer_, report_.csv());
    write_epoch();
  }
  write_model();
  keeper_.finish();
  report_.print_end(figures_, recipe_, options_.out.string());
}

// One epoch, or what is left of it, with a progress bar. Whatever ends it early, the checkpoint
// holds the run, and the message says so.
void Training::train_epoch() {
  constexpr std::size_t kSteps = 1000;
  const auto start = std::chrono::steady_clock::now();
  try {
    Progress bar(fmt::format("epoch {} of {}", trainer_.epoch() + 1, recipe_.epochs), kSteps);
    figures_.train = trainer_.run_epoch([&](double fraction, const EpochLoss& so_far) {
      bar.update(static_cast<std::size_t>(fraction * kSteps), fmt::format("{:.2f}", so_far.loss));
      keeper_.check_signals();
    });
  } catch (const Interrupted& stop) {
    keeper_.save(trainer_, report_.csv());
    throw Interrupted(stop.signal, fmt::format("interrupted in epoch {}{}", trainer_.epoch() + 1,
                                               keeper_.kept_in_epoch()));
  } catch (const Error& error) {
    fail("{}{}", error.what(), keeper_.kept(trainer_.epoch()));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  figures_.seconds = seconds.count();
}

void Training::evaluate_epoch() {
  const std::span<const std::uint8_t> images = data_.test.images.pixels;
  model_ = make_model(trainer_.network(), kernels_);
  figures_.epoch = trainer_.epoch();
  figures_.test = evaluate(*model_, images, evaluation_);
  if (!std::isfinite(figures_.test.neg_elbo)) {
    fail(
        "training diverged in epoch {}: all weights are finite, but not the loss of {} images; "
        "lower --lr{}",
        figures_.epoch, options_.validation == 0 ? "test" : "validation",
        keeper_.kept(figures_.epoch - 1));
  }
  if (has_own_loss(recipe_)) figures_.test_loss = test_loss(*model_, images, recipe_);
}

void Training::write_epoch() const {
  if (!options_.log.empty()) write_file(options_.log, report_.csv());
  if (!options_.pictures.empty()) {
    draw_epoch(options_.pictures, figures_.epoch, *model_, data_.test.images.pixels);
  }
}

void Training::write_model() {
  Network network = trainer_.network();
  describe(network, recipe_, figures_);
  network.classes = fit_known_classes(*model_, data_.train, evaluation_);
  save_network(options_.out, network);
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(app, "train", "Train the network, reporting the ELBO each epoch");
  add_data_option(command, options->data);
  command.path("--out", options->out, "Model to write").required().type_name("FILE.safetensors");
  add_recipe_options(command, options->recipe);
  add_objective_options(command, options->objective);
  add_validation_option(command, options->validation);
  command.path("--log", options->log, "CSV of each epoch's figures").type_name("FILE");
  command
      .path("--pictures", options->pictures,
            "Folder for a PNG of samples and one of reconstructions each epoch")
      .type_name("DIR");
  add_checkpoint_options(command, options->checkpoint);
  command.footer(
      "Example:\n"
      "  picovae train --out model.safetensors --log log.csv\n"
      "The same command with --resume goes on where it was interrupted, to the same bits.\n"
      "Any data set of images of this size in IDX files, with any labels:\n"
      "  picovae train --data fashion-mnist --out fashion.safetensors\n"
      "  picovae train --data emnist/emnist-letters --out letters.safetensors");
  command.run([options, command] {
    Recipe recipe = options->recipe.recipe();
    apply_objective(command, options->objective, options->recipe.preset, recipe);
    check_outputs(*options);
    Training(*options, recipe).run();
  });
}

}  // namespace picovae::tools
