// picovae eval: the ELBO of a model on the test set.
#include <fmt/core.h>

#include <memory>

#include "tools/base/built_shape.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/commands/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data;
  EvaluateOptions evaluate;
  bool json = false;
};

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const auto test = load_split(options.data, Split::kTest, BuiltShape::kPixels);
  const Elbo elbo = [&] {
    Progress bar("evaluating", test.images.count);
    return evaluate(*model, test.images.pixels, options.evaluate,
                    [&](std::size_t done) { bar.update(done); });
  }();
  if (options.json) {
    fmt::print("{}\n", to_json(elbo).dump(2));
    return;
  }
  fmt::print("{}: {} test images, {} sample{} of z each, nats per image\n", options.model.string(),
             test.images.count, options.evaluate.samples, options.evaluate.samples == 1 ? "" : "s");
  fmt::print("  negative ELBO  {:9.4f}\n  reconstruction {:9.4f}\n  KL             {:9.4f}\n",
             elbo.neg_elbo, elbo.reconstruction, elbo.kl);
}

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(app, "eval",
                        "Measure the negative ELBO, the reconstruction and the KL on the test set");
  command.path("model", options->model, "A .safetensors or .pvae model")
      .required()
      .type_name("MODEL");
  add_data_option(command, options->data);
  command.whole("--samples", options->evaluate.samples, "z drawn for each image", 1, 10'000)
      .type_name("L")
      .shows_default();
  add_pixels_option(command, options->evaluate.pixels);
  add_seed_option(command, options->evaluate.seed, "Seed of the noise");
  add_threads_option(command, options->evaluate.threads);
  add_json_option(command, options->json);
  command.footer("Example:\n  picovae eval model.pvae --samples 10 --json");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
