// picovae nll: the log-likelihood of the test set by importance sampling, and what the latents do.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "tools/base/isa.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/codes.hpp"
#include "tools/measure/likelihood.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data;
  std::size_t validation = 0;
  EvaluateOptions evaluate{.samples = 5000};
  std::size_t count = 0;  // 0: all
  double widen = kWiderPosterior;
  bool latents = false, json = false;
};

std::size_t count_active(const std::vector<LatentUse>& use) {
  return static_cast<std::size_t>(
      std::count_if(use.begin(), use.end(), [](const LatentUse& u) { return u.is_active(); }));
}

void print_json(const Nll& nll, double neg_elbo, std::string_view split, int samples,
                const std::vector<LatentUse>& use) {
  const std::array interval = {nll.nll - nll.margin(), nll.nll + nll.margin()};
  Json json = {{"nll", nll.nll},       {"interval_95", Json::list(interval)},
               {"neg_elbo", neg_elbo}, {"split", split},
               {"images", nll.images}, {"samples", samples}};
  if (!use.empty()) {
    std::vector<Json> latents;
    latents.reserve(use.size());
    for (const LatentUse& u : use) latents.push_back({{"kl", u.kl}, {"activity", u.activity}});
    json.add("active", count_active(use));
    json.add("latents", Json::list(latents));
  }
  say("{}\n", json.text());
}

// The most used latents first.
void print_latents(const std::vector<LatentUse>& use) {
  std::vector<std::size_t> order(use.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return use[a].kl > use[b].kl; });
  say("latent       KL  activity (variance of mu; active above {})\n", LatentUse::kActive);
  for (const std::size_t k : order) {
    say("{:6}  {:7.4f}  {:8.5f}{}\n", k, use[k].kl, use[k].activity,
        use[k].is_active() ? "  active" : "");
  }
  say("{} of {} latents are active\n", count_active(use), use.size());
}

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const auto held_out = load_held_out(options.data, model->dimensions().pixels, options.validation);
  const std::string_view split = held_out_name(options.validation);
  const std::size_t count = options.count == 0 ? held_out.images.count : options.count;
  const auto images = first_images(held_out, count, options.data);
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
    print_json(nll, neg_elbo, split, samples, use);
    return;
  }
  say("{}: {}, {} of z each, nats per image\n", options.model.string(),
      counted(count, fmt::format("{} image", split)),
      counted(static_cast<std::size_t>(samples), "sample"));
  say("  -log p(x)      {:9.4f}", nll.nll);
  if (count > 1) say("  +- {:.4f} (95 %, over images)", nll.margin());
  say("\n  negative ELBO  {:9.4f}\n", neg_elbo);
  if (options.latents) print_latents(use);
}

}  // namespace

void add_nll(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("nll",
               "Estimate -log p(x) on the test set by importance sampling (Burda et al. 2015);\n"
               "the estimate falls towards the true value as samples grow",
               "Example:\n  picovae nll model.pvae --samples 500 --count 1000 --latents");
  command.model(options->model);
  command.data(options->data);
  command.whole("--samples", options->evaluate.samples, {1, 1'000'000}, "K",
                "z drawn for each image");
  command.whole("--count", options->count, {1}, "N", "The first N of these images; all by default")
      .hide_default();
  command.validation(options->validation);
  command.real("--widen", options->widen, {1, 10}, "FACTOR",
               "Sigma of the z drawn, as a multiple of the posterior's, up to the prior's 1; "
               "for the estimate of the paper: 1");
  command.flag("--latents", options->latents,
               "Also KL and activity of each latent, and how many are active");
  command.pixels(options->evaluate.pixels);
  command.seed(options->evaluate.seed, "Seed of the noise");
  command.threads(options->evaluate.threads);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
