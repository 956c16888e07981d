// picovae train: fits the network to a data set and writes it as safetensors.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tools/built_shape.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/commands/objective.hpp"
#include "tools/commands/recipe_options.hpp"
#include "tools/commands/run_keeper.hpp"
#include "tools/commands/training_report.hpp"
#include "tools/commands/training_settings.hpp"
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

// One epoch, or what is left of it, with a progress bar. Whatever ends it early, the checkpoint
// holds the run, and the message says so.
EpochLoss train_epoch(Trainer& trainer, const Recipe& recipe, const RunKeeper& keeper,
                      const std::string& csv) {
  constexpr std::size_t kSteps = 1000;
  try {
    Progress bar(fmt::format("epoch {} of {}", trainer.epoch() + 1, recipe.epochs), kSteps);
    return trainer.run_epoch([&](double fraction, const EpochLoss& so_far) {
      bar.update(static_cast<std::size_t>(fraction * kSteps), fmt::format("{:.2f}", so_far.loss));
      keeper.check_signals();
    });
  } catch (const Interrupted& stop) {
    keeper.save(trainer, csv);
    throw Interrupted(stop.signal, fmt::format("interrupted in epoch {}{}", trainer.epoch() + 1,
                                               keeper.kept_in_epoch()));
  } catch (const Error& error) {
    fail("{}{}", error.what(), keeper.kept(trainer.epoch()));
  }
}

void run(const Options& options, const Recipe& recipe) {
  check_outputs(options);
  RunKeeper keeper(options.checkpoint, options.out);
  const Kernels& kernels = chosen_kernels();
  const Dataset data = load_dataset(options.data, BuiltShape::kPixels, options.validation);
  const std::span<const std::uint8_t> test_images = data.test.images.pixels;
  if (recipe.batch > data.train.images.count) {
    fail("--batch {}: there are only {} training images; choose a smaller batch", recipe.batch,
         data.train.images.count);
  }
  Trainer trainer(BuiltShape::kDimensions, data.train.images.pixels, recipe, kernels);
  const EvaluateOptions evaluation{
      .pixels = recipe.pixels, .seed = recipe.seed, .threads = recipe.threads};

  TrainingReport report(recipe, options.validation == 0 ? "test" : "valid.");
  report.print_head(recipe, kernels);
  report.go_on_from(keeper.start(
      trainer, settings_of_run(recipe, kernels, data, options.validation), report.csv()));
  EpochFigures figures{};
  std::unique_ptr<Model> model;
  const auto evaluate_epoch = [&] {
    model = make_model(trainer.network(), kernels);
    figures.epoch = trainer.epoch();
    figures.test = evaluate(*model, test_images, evaluation);
    if (!std::isfinite(figures.test.neg_elbo)) {
      fail(
          "training diverged in epoch {}: all weights are finite, but not the loss of {} images; "
          "lower --lr{}",
          figures.epoch, options.validation == 0 ? "test" : "validation",
          keeper.kept(figures.epoch - 1));
    }
    if (has_own_loss(recipe)) figures.test_loss = test_loss(*model, test_images, recipe);
  };
  // The checkpoint holds this epoch already: nothing is lost where a file cannot be written.
  const auto write_epoch = [&] {
    if (!options.log.empty()) write_file(options.log, report.csv());
    if (!options.pictures.empty()) {
      draw_epoch(options.pictures, figures.epoch, *model, test_images);
    }
  };
  if (keeper.resumes()) {
    fmt::print("resumed {} epoch {}\n", trainer.is_between_epochs() ? "after" : "within",
               trainer.epoch() + (trainer.is_between_epochs() ? 0 : 1));
  }
  // Of its last epoch the run may have left nothing but the checkpoint.
  if (trainer.epoch() > 0 && trainer.is_between_epochs()) {
    evaluate_epoch();
    write_epoch();
  }
  while (trainer.epoch() < recipe.epochs) {
    const auto start = std::chrono::steady_clock::now();
    figures.train = train_epoch(trainer, recipe, keeper, report.csv());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    figures.seconds = seconds.count();
    evaluate_epoch();
    report.add(figures);
    keeper.save(trainer, report.csv());
    write_epoch();
  }
  Network network = trainer.network();
  describe(network, recipe, figures);
  network.classes = fit_known_classes(*make_model(network, kernels), data.train, evaluation);
  save_network(options.out, network);
  keeper.finish();
  report.print_end(figures, recipe, options.out.string());
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
  add_recipe_options(*command, options->recipe);
  add_objective_options(*command, options->objective);
  add_validation_option(*command, options->validation);
  command->add_option("--log", options->log, "CSV of each epoch's figures")->type_name("FILE");
  command
      ->add_option("--pictures", options->pictures,
                   "Folder for a PNG of samples and one of reconstructions each epoch")
      ->type_name("DIR");
  add_checkpoint_options(*command, options->checkpoint);
  command->footer(
      "Example:\n"
      "  picovae train --out model.safetensors --log log.csv\n"
      "The same command with --resume goes on where it was interrupted, to the same bits.\n"
      "Any data set of images of this size in IDX files, with any labels:\n"
      "  picovae train --data fashion-mnist --out fashion.safetensors\n"
      "  picovae train --data emnist/emnist-letters --out letters.safetensors");
  command->callback([options, command] {
    Recipe recipe = options->recipe.recipe();
    apply_objective(*command, options->objective, options->recipe.preset, recipe);
    run(*options, recipe);
  });
}

}  // namespace picovae::tools
