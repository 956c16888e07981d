// picovae eval: the ELBO of a model on the test set.
#include <fmt/core.h>

#include <memory>
#include <string_view>

#include "tools/base/isa.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data;
  std::size_t validation = 0;
  EvaluateOptions evaluate;
  bool json = false;
};

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const auto held_out = load_held_out(options.data, model->dimensions().pixels, options.validation);
  const std::string_view split = held_out_name(options.validation);
  const Elbo elbo = [&] {
    Progress bar("evaluating", held_out.images.count);
    return evaluate(*model, held_out.images.pixels, options.evaluate,
                    [&](std::size_t done) { bar.update(done); });
  }();
  if (options.json) {
    Json json = to_json(elbo);
    json.add("split", split);
    json.add("images", held_out.images.count);
    say("{}\n", json.text());
    return;
  }
  say("{}: {} {} images, {} of z each, nats per image\n", options.model.string(),
      held_out.images.count, split,
      counted(static_cast<std::size_t>(options.evaluate.samples), "sample"));
  say("  negative ELBO  {:9.4f}\n  reconstruction {:9.4f}\n  KL             {:9.4f}\n",
      elbo.neg_elbo, elbo.reconstruction, elbo.kl);
}

}  // namespace

void add_eval(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("eval", "Measure the negative ELBO, the reconstruction and the KL on the test set",
               "Example:\n  picovae eval model.pvae --samples 10 --json");
  command.model(options->model);
  command.data(options->data);
  command.whole("--samples", options->evaluate.samples, {1, 10'000}, "L", "z drawn for each image");
  command.validation(options->validation);
  command.pixels(options->evaluate.pixels);
  command.seed(options->evaluate.seed, "Seed of the noise");
  command.threads(options->evaluate.threads);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
