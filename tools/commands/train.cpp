// picovae train: fits the network to a data set and writes it as safetensors.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tools/built_shape.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/data/dataset.hpp"
#include "tools/error.hpp"
#include "tools/file.hpp"
#include "tools/isa.hpp"
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
  Recipe recipe;
};

struct EpochFigures {
  int epoch;
  double seconds;  // of training alone
  Elbo train, test;
};

// The log so far, written whole after each epoch, so that it is never half a line.
class Log {
 public:
  explicit Log(std::filesystem::path path) : path_(std::move(path)) {}

  void add(const EpochFigures& e) {
    text_ += fmt::format("{},{:.3f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f},{:.5f}\n", e.epoch,
                         e.seconds, e.train.neg_elbo, e.train.reconstruction, e.train.kl,
                         e.test.neg_elbo, e.test.reconstruction, e.test.kl);
    if (!path_.empty()) write_file(path_, text_);
  }

 private:
  std::filesystem::path path_;
  std::string text_ =
      "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
      "test_neg_elbo,test_reconstruction,test_kl\n";
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
  about["samples"] = fmt::format("{}", recipe.samples);
  about["beta"] = fmt::format("{:g}", recipe.beta);
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

void run(const Options& options) {
  check_outputs(options);
  const Kernels& kernels = chosen_kernels();
  const Dataset data = load_dataset(options.data, BuiltShape::kPixels);
  const Recipe& recipe = options.recipe;
  if (recipe.batch > data.train.images.count) {
    fail("--batch {}: there are only {} training images; choose a smaller batch", recipe.batch,
         data.train.images.count);
  }
  Trainer trainer(BuiltShape::kDimensions, data.train.images.pixels, recipe, kernels);
  const EvaluateOptions evaluation{
      .pixels = recipe.pixels, .seed = recipe.seed, .threads = recipe.threads};

  fmt::print("negative ELBO = reconstruction + KL, nats per image ({}, {} thread{})\n",
             kernels.name, recipe.threads, recipe.threads == 1 ? "" : "s");
  fmt::print("epoch     train = recon. +    KL      test = recon. +    KL  seconds\n");
  Log log(options.log);
  EpochFigures figures{};
  for (int epoch = 1; epoch <= recipe.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    {
      constexpr std::size_t kSteps = 1000;
      Progress bar(fmt::format("epoch {} of {}", epoch, recipe.epochs), kSteps);
      figures.train = trainer.run_epoch([&](double fraction, const Elbo& so_far) {
        bar.update(static_cast<std::size_t>(fraction * kSteps),
                   fmt::format("{:.2f}", so_far.neg_elbo));
      });
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (!std::isfinite(figures.train.neg_elbo)) {
      fail("epoch {}: the loss is {}; train with a smaller --lr than {}", epoch,
           figures.train.neg_elbo, recipe.learning_rate);
    }
    const auto model = make_model(trainer.network(), kernels);
    figures.epoch = epoch;
    figures.seconds = seconds.count();
    figures.test = evaluate(*model, data.test.images.pixels, evaluation);
    fmt::print("{:5}  {:8.3f} {:8.3f} {:6.3f}  {:8.3f} {:8.3f} {:6.3f}  {:7.2f}\n", epoch,
               figures.train.neg_elbo, figures.train.reconstruction, figures.train.kl,
               figures.test.neg_elbo, figures.test.reconstruction, figures.test.kl,
               figures.seconds);
    std::fflush(stdout);
    log.add(figures);
    if (!options.pictures.empty()) {
      draw_epoch(options.pictures, epoch, *model, data.test.images.pixels);
    }
  }
  Network network = trainer.network();
  describe(network, recipe, figures);
  save_network(options.out, network);
  fmt::print("{}: test negative ELBO {:.4f} after {} epoch{}\n", options.out.string(),
             figures.test.neg_elbo, figures.epoch, figures.epoch == 1 ? "" : "s");
}

void add_recipe_options(CLI::App& command, Recipe& recipe) {
  command.add_option("--epochs", recipe.epochs, "Passes over the training images")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--batch", recipe.batch, "Images in an optimizer step")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--lr", recipe.learning_rate, "Adam's learning rate")
      ->check(CLI::PositiveNumber)
      ->type_name("RATE")
      ->capture_default_str();
  command.add_option("--samples", recipe.samples, "z drawn for each image in a step")
      ->check(CLI::Range(1, 1000))
      ->type_name("L")
      ->capture_default_str();
  command.add_option("--beta", recipe.beta, "Weight of the KL in the loss")
      ->check(CLI::NonNegativeNumber)
      ->type_name("B")
      ->capture_default_str();
  add_pixels_option(command, recipe.pixels);
  add_seed_option(command, recipe.seed, "Seed of weights, order and noise");
  add_threads_option(command, recipe.threads);
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
  command->callback([options] { run(*options); });
}

}  // namespace picovae::tools
