// picovae train: fits the network to a data set and writes it as safetensors.
#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "picovae/version.h"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/notice.hpp"
#include "tools/base/png.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/train_options.hpp"
#include "tools/commands/train_report.hpp"
#include "tools/data/dataset.hpp"
#include "tools/data/faults.hpp"
#include "tools/data/look.hpp"
#include "tools/measure/codes.hpp"
#include "tools/measure/fit_classes.hpp"
#include "tools/measure/likelihood.hpp"
#include "tools/measure/model.hpp"
#include "tools/train/run_keeper.hpp"
#include "tools/train/trainer.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path data, out, log, pictures, checkpoint;
  std::size_t validation = 0;
  unsigned threads = 1;
  ShapeOptions shape;
  RecipeOptions recipe;
  bool resume = false;
};

std::filesystem::path samples_picture(const Options& options, int epoch) {
  return options.pictures / fmt::format("samples_{:03}.png", epoch);
}

std::filesystem::path pairs_picture(const Options& options, int epoch) {
  return options.pictures / fmt::format("reconstructions_{:03}.png", epoch);
}

// Of all epochs.
std::vector<std::filesystem::path> all_pictures(const Options& options) {
  std::vector<std::filesystem::path> files;
  if (options.pictures.empty()) return files;
  for (int epoch = 1; epoch <= options.recipe.recipe.epochs; ++epoch) {
    files.push_back(samples_picture(options, epoch));
    files.push_back(pairs_picture(options, epoch));
  }
  return files;
}

// A grid of samples and one of held-out images over their reconstructions.
void draw_epoch(const Options& options, int epoch, Model& model,
                std::span<const std::uint8_t> held_out) {
  constexpr std::size_t kSamples = 100;
  constexpr std::size_t kPairs = 20;
  const std::size_t pixels = model.dimensions().pixels;
  const ImageSize size = image_size(pixels, model.header().columns);
  std::vector<std::uint8_t> samples(kSamples * pixels);
  model.generate(1, 0, kSamples, samples.data());
  write_png(samples_picture(options, epoch), compose_grid(samples, size));
  const auto images = held_out.first(std::min(kPairs * pixels, held_out.size()));
  std::vector<std::uint8_t> reconstructions(images.size());
  model.reconstruct(images, reconstructions.data());
  write_png(pairs_picture(options, epoch), compose_pairs(images, reconstructions, size));
}

Settings metadata_of(const Recipe& recipe, std::string_view images, const Elbo& elbo) {
  Settings metadata = settings_of(recipe);
  metadata["picovae.version"] = PICOVAE_VERSION;
  const auto add = [&](std::string_view figure, double value) {
    metadata[fmt::format("{}_{}", images, figure)] = fmt::format("{:.4f}", value);
  };
  add("neg_elbo", elbo.neg_elbo);
  add("reconstruction", elbo.reconstruction);
  add("kl", elbo.kl);
  return metadata;
}

void check_outputs(const Options& options) {
  check_writable(options.out);
  if (!options.log.empty()) check_writable(options.log);
  if (!options.pictures.empty()) check_writable(samples_picture(options, 1));
}

// What makes no good model, before time is spent on one.
void warn_of_faults(const std::filesystem::path& path, const LabeledImages& images) {
  const std::vector<Fault> faults = faults_of_pixels(look_at(images));
  if (faults.empty()) return;
  notice("{}: {}; look with picovae data {}", path.string(), faults.front().text, path.string());
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Training {
 public:
  Training(const Options& options, const Recipe& recipe);
  void run();

 private:
  void train_epoch();
  Network network() const;
  void evaluate_epoch();
  double own_loss() const;
  void write_epoch();
  void write_log();
  void write_model();
  std::string time_left(double epochs);
  std::size_t count_active() const;

  const Options& options_;
  const Recipe& recipe_;
  const Kernels& kernels_ = chosen_kernels();
  const EvaluateOptions evaluation_{
      .pixels = recipe_.pixels, .seed = recipe_.seed, .threads = options_.threads};
  RunKeeper keeper_;
  Dataset data_;
  Dimensions dimensions_;
  Trainer trainer_;
  TrainReport report_;
  std::optional<OutputFile> log_stream_;  // if the log cannot be replaced by a longer one
  std::size_t logged_ = 0;                // characters that went there
  EpochFigures figures_{};
  std::optional<Clock::time_point> start_;  // the end of this process's first step
  double epochs_before_ = 0;                // that were done then
  std::unique_ptr<Model> model_;            // of the epoch that was evaluated
};

Dataset load_data(const Options& options, const Recipe& recipe) {
  Dataset data = load_dataset(options.data, pixels_of(options.shape), options.validation);
  if (recipe.batch > data.train.images.count) {
    fail("--batch {}: there are only {} training images; choose a smaller batch", recipe.batch,
         data.train.images.count);
  }
  return data;
}

Training::Training(const Options& options, const Recipe& recipe)
    : options_(options),
      recipe_(recipe),
      keeper_(options.checkpoint, options.resume, options.out),
      data_(load_data(options, recipe)),
      dimensions_(trained_shape(options.shape, data_.train)),
      trainer_(dimensions_, data_.train.images.pixels, recipe, kernels_, options.threads,
               data_.train.images.cols),
      report_(recipe, held_out_name(options.validation)) {}

void Training::run() {
  report_.print_head(kernels_, options_.threads);
  report_.continue_from(keeper_.start(
      trainer_, settings_of_run(recipe_, dimensions_, data_, options_.validation), report_.csv()));
  warn_of_faults(options_.data, data_.train);  // once nothing is refused any more
  if (keeper_.resumes()) {
    say("resumed {} epoch {}\n", trainer_.is_between_epochs() ? "after" : "within",
        trainer_.epoch() + (trainer_.is_between_epochs() ? 0 : 1));
  }
  // The run may have ended after it saved the checkpoint and before it wrote the other files.
  if (trainer_.epoch() > 0 && trainer_.is_between_epochs()) {
    evaluate_epoch();
    write_epoch();
  }
  while (trainer_.epoch() < recipe_.epochs) {
    train_epoch();
    evaluate_epoch();
    report_.add(figures_);
    // First, so that nothing is lost if another file cannot be written.
    keeper_.save(trainer_, report_.csv());
    write_epoch();
  }
  write_model();
  keeper_.finish();
  report_.print_end(figures_, options_.out.string(), count_active(), dimensions_.latent);
}

// One epoch, or what is left of it, with a progress bar. If it ends early, the checkpoint holds the
// run, and the message says so.
void Training::train_epoch() {
  constexpr std::size_t kSteps = 1000;
  const auto start = Clock::now();
  try {
    Progress bar(fmt::format("epoch {} of {}", trainer_.epoch() + 1, recipe_.epochs), kSteps);
    figures_.train = trainer_.run_epoch([&](double fraction, const EpochLoss& so_far) {
      bar.update(static_cast<std::size_t>(fraction * kSteps),
                 fmt::format("{:.2f}  {}", so_far.loss, time_left(trainer_.epoch() + fraction)));
      keeper_.check_signals();
    });
  } catch (const Interrupted& stop) {
    keeper_.save(trainer_, report_.csv());
    throw Interrupted(stop.signal, fmt::format("interrupted in epoch {}{}", trainer_.epoch() + 1,
                                               keeper_.kept_in_epoch()));
  } catch (const Error& error) {
    fail("{}{}", error.what(), keeper_.kept(trainer_.epoch()));
  }
  figures_.seconds = seconds_since(start);
}

// Of the training, as text, when so many epochs are done. A resumed one begins anywhere.
std::string Training::time_left(double epochs) {
  if (!start_) {
    start_ = Clock::now();
    epochs_before_ = epochs;
  }
  const auto share = [&](double done) { return work_share(recipe_, done / recipe_.epochs); };
  const double before = share(epochs_before_);
  return tools::time_left((share(epochs) - before) / (1 - before), seconds_since(*start_));
}

// As it is now, of these images.
Network Training::network() const {
  Network network = trainer_.network();
  network.columns = data_.train.images.cols;
  return network;
}

void Training::evaluate_epoch() {
  const std::span<const std::uint8_t> images = data_.test.images.pixels;
  model_ = make_model(network(), kernels_);
  figures_.epoch = trainer_.epoch();
  try {
    figures_.held_out = evaluate(*model_, images, evaluation_);
    if (recipe_.bound != Bound::kElbo) figures_.held_out_loss = own_loss();
  } catch (const NotFinite&) {
    fail(
        "training diverged in epoch {}: all weights are finite, but not the loss of {} images; "
        "lower {}{}",
        figures_.epoch, held_out_name(options_.validation), option_to_lower(recipe_),
        keeper_.kept(figures_.epoch - 1));
  }
}

// On held-out images, what training minimizes.
double Training::own_loss() const {
  const std::span<const std::uint8_t> images = data_.test.images.pixels;
  if (recipe_.bound == Bound::kDeck) return evaluate_deck_loss(*model_, images, options_.threads);
  EvaluateOptions evaluation = evaluation_;
  evaluation.samples = recipe_.samples;
  return estimate_nll(*model_, images, evaluation).nll;
}

void Training::write_epoch() {
  if (!options_.log.empty()) write_log();
  if (!options_.pictures.empty()) {
    draw_epoch(options_, figures_.epoch, *model_, data_.test.images.pixels);
  }
}

void Training::write_log() {
  if (!is_stream(options_.log, Access::kWrite)) return write_file(options_.log, report_.csv());
  // It stays open, as the reader of a pipe takes the closing for the end.
  if (!log_stream_) log_stream_.emplace(options_.log);
  log_stream_->write(std::string_view(report_.csv()).substr(logged_));
  logged_ = report_.csv().size();
}

void Training::write_model() {
  Network network = this->network();
  network.metadata = metadata_of(recipe_, held_out_name(options_.validation), figures_.held_out);
  network.classes = fit_known_classes(*model_, data_.train, evaluation_);
  save_network(options_.out, network);
}

// Latents of the model that the decoder listens to, by the held-out images.
std::size_t Training::count_active() const {
  return active_latents(encode_images(*model_, data_.test.images.pixels, evaluation_)).size();
}

}  // namespace

void add_train(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "train", "Train the network, reporting the ELBO each epoch",
      "Example:\n"
      "  picovae train --out model.safetensors --log log.csv\n"
      "The same command with --resume continues an interrupted training, to the same bits.\n"
      "Any data set of images, with any labels or none, and any sizes of the layers:\n"
      "  picovae train --data fashion-mnist --hidden 128,64 --latent 16 --out small.safetensors\n"
      "  picovae train --data mnist.npz --out model.safetensors\n"
      "  picovae train --data photos --validation 1000 --shape 784-128-64-16 --out m.safetensors\n"
      "The best that a board's flash has room for, with code:\n"
      "  picovae train --fit 256K --out microbit.safetensors");
  command.data(options->data);
  command.out(options->out, "FILE.safetensors", "Model to write");
  add_shape_options(command, options->shape);
  add_recipe_options(command, options->recipe);
  command.threads(options->threads);
  command.validation(options->validation);
  command.path("--log", options->log, Access::kWrite, "FILE",
               "CSV of each epoch's figures; a stream gets its lines as they come");
  command
      .path("--pictures", options->pictures, Access::kWrite, "DIR",
            "Folder for a PNG of samples and one of reconstructions each epoch")
      .stands_for([options] { return all_pictures(*options); });
  command
      .path("--checkpoint", options->checkpoint, Access::kWrite, "FILE",
            "Keeps the run after each epoch and when it is interrupted, until the model is "
            "written; OUT.checkpoint by default; /dev/null: keep nothing")
      .stands_for([options] { return checkpoint_files(options->checkpoint, options->out); });
  command.flag("--resume", options->resume,
               "Continue from the checkpoint, with the options that the run began with");
  command.run([options, command] {
    const Recipe recipe = requested_recipe(command, options->recipe);
    if (is_standard_output(options->checkpoint)) {
      throw Misuse("--checkpoint needs a file, which is read again; /dev/null: keep nothing");
    }
    check_outputs(*options);
    Training(*options, recipe).run();
  });
}

}  // namespace picovae::tools
