// picovae nll: the log-likelihood of the test set by importance sampling, and what the latents do.
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/base/built_shape.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/codes.hpp"
#include "tools/measure/model.hpp"
#include "tools/measure/nll.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data;
  EvaluateOptions evaluate{.samples = 5000};
  std::size_t count = 0;  // 0: all
  double widen = kWiderPosterior;
  bool latents = false, json = false;
};

std::size_t count_active(const std::vector<LatentUse>& use) {
  return static_cast<std::size_t>(
      std::count_if(use.begin(), use.end(), [](const LatentUse& u) { return u.is_active(); }));
}

void print_json(const Nll& nll, double neg_elbo, int samples, const std::vector<LatentUse>& use) {
  nlohmann::ordered_json json = {{"nll", nll.nll},
                                 {"interval_95", {nll.nll - nll.margin(), nll.nll + nll.margin()}},
                                 {"neg_elbo", neg_elbo},
                                 {"images", nll.images},
                                 {"samples", samples}};
  if (!use.empty()) {
    json["active"] = count_active(use);
    for (const LatentUse& u : use) {
      json["latents"].push_back({{"kl", u.kl}, {"activity", u.activity}});
    }
  }
  fmt::print("{}\n", json.dump(2));
}

// The most used latents first.
void print_latents(const std::vector<LatentUse>& use) {
  std::vector<std::size_t> order(use.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return use[a].kl > use[b].kl; });
  fmt::print("latent       KL  activity (variance of mu; active above {})\n", LatentUse::kActive);
  for (const std::size_t k : order) {
    fmt::print("{:6}  {:7.4f}  {:8.5f}{}\n", k, use[k].kl, use[k].activity,
               use[k].is_active() ? "  active" : "");
  }
  fmt::print("{} of {} latents are active\n", count_active(use), use.size());
}

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const auto test = load_split(options.data, Split::kTest, BuiltShape::kPixels);
  const std::size_t count =
      options.count == 0 ? test.images.count : std::min(options.count, test.images.count);
  const auto images = std::span{test.images.pixels}.first(count * BuiltShape::kPixels);
  std::vector<LatentUse> use;
  if (options.latents) use = measure_latents(encode_images(*model, images, options.evaluate));
  const Nll nll = [&] {
    Progress bar("sampling", count);
    return estimate_nll(*model, images, options.evaluate, options.widen,
                        [&](std::size_t done) { bar.update(done); });
  }();
  const int samples = options.evaluate.samples;
  EvaluateOptions once = options.evaluate;
  once.samples = 1;
  const double neg_elbo = evaluate(*model, images, once).neg_elbo;
  if (options.json) {
    print_json(nll, neg_elbo, samples, use);
    return;
  }
  fmt::print("{}: {} test image{}, {} sample{} of z each, nats per image\n", options.model.string(),
             count, count == 1 ? "" : "s", samples, samples == 1 ? "" : "s");
  fmt::print("  -log p(x)      {:9.4f}", nll.nll);
  if (count > 1) fmt::print("  +- {:.4f} (95 %, over images)", nll.margin());
  fmt::print("\n  negative ELBO  {:9.4f}\n", neg_elbo);
  if (options.latents) print_latents(use);
}

}  // namespace

void add_nll(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(app, "nll",
                        "Estimate -log p(x) on the test set by importance "
                        "sampling (Burda et al. 2015);\nthe estimate "
                        "comes down to the truth from above as samples grow");
  command.path("model", options->model, "A .safetensors or .pvae model")
      .required()
      .type_name("MODEL");
  add_data_option(command, options->data);
  command.whole("--samples", options->evaluate.samples, "z drawn for each image", 1, 1'000'000)
      .type_name("K")
      .shows_default();
  command.whole("--count", options->count, "The first N test images; all where not given", 1)
      .type_name("N");
  command
      .real("--widen", options->widen,
            "Sigma of the z drawn, as a multiple of the posterior's, up to the prior's 1; "
            "for the estimate of the paper: 1",
            1.0, 10.0)
      .type_name("FACTOR")
      .shows_default();
  command.flag("--latents", options->latents,
               "Also KL and activity of each latent, and how many are active");
  add_pixels_option(command, options->evaluate.pixels);
  add_seed_option(command, options->evaluate.seed, "Seed of the noise");
  add_threads_option(command, options->evaluate.threads);
  add_json_option(command, options->json);
  command.footer("Example:\n  picovae nll model.pvae --samples 500 --count 1000 --latents");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
