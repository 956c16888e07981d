// picovae import: a model that another program trained, under picovae's names.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/import_network.hpp"
#include "tools/format/layer_names.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/evaluation.hpp"
#include "tools/measure/model.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path from, out, data;
  std::string map;
  bool log_sigma = false;
  unsigned threads = 1;
  bool json = false;
};

struct Result {
  ImportedNetwork imported;  // before --log-sigma
  std::vector<std::string> passed_over;
  std::string assumed;  // what the file does not say
  std::optional<Elbo> elbo;
  std::string hint;  // options that would have given a better one
};

std::string complaint_about_map(const std::string& text) {
  LayerMap ignored;
  return parse_layer_map(text, ignored);
}

std::string_view note_on(const FoundLayer& layer) {
  switch (layer.part) {
    case LayerPart::kFirstHalf:
      return layer.transposed ? ", its first half, transposed" : ", its first half";
    case LayerPart::kSecondHalf:
      return layer.transposed ? ", its second half, transposed" : ", its second half";
    case LayerPart::kAll:
      break;
  }
  return layer.transposed ? ", transposed" : "";
}

const FoundLayer& found_as(std::string_view role, const ImportedNetwork& imported) {
  const auto is_it = [role](const FoundLayer& layer) { return layer.name == role; };
  return *std::find_if(imported.found.begin(), imported.found.end(), is_it);
}

Result import_file(const Options& options) {
  LayerMap map;
  parse_layer_map(options.map, map);
  const std::string name = options.from.string();
  ForeignModel model = parse_foreign(read_model(options.from), name);
  Result result;
  result.passed_over = std::move(model.passed_over);
  const bool says_activation = !model.activation.empty();
  result.imported = import_network(std::move(model), map, name);
  const std::string& head = found_as("encoder.logvar", result.imported).from;
  result.assumed = fmt::format(
      "{}the decoder gives logits of pixels; {} gives log sigma{}{}",
      says_activation ? "" : "hidden layers are softplus; ", quote_name(head),
      options.log_sigma ? "" : "^2",
      says_sigma(head) && !options.log_sigma ? " (or log sigma, by its name: --log-sigma)" : "");
  return result;
}

// How the heads may be meant.
struct Reading {
  bool swapped, log_sigma;
};

Network read_as(Reading reading, Network network) {
  if (reading.swapped) std::swap(network.mu, network.logvar);
  if (reading.log_sigma) double_logvar(network);
  return network;
}

// The option for heads the other way round.
std::string map_to_swap(const ImportedNetwork& imported) {
  const FoundLayer& mu = found_as("encoder.mu", imported);
  const FoundLayer& logvar = found_as("encoder.logvar", imported);
  if (mu.part == LayerPart::kAll) {
    return fmt::format("--map {}", quote_name(logvar.from + "=mu," + mu.from + "=logvar"));
  }
  const auto order = mu.part == LayerPart::kFirstHalf ? kLogvarFirst : kMuFirst;
  return fmt::format("--map {}", quote_name(fmt::format("{}={}", mu.from, order)));
}

Elbo elbo_of(const Network& network, std::span<const std::uint8_t> images, unsigned threads) {
  return evaluate(*make_model(network, chosen_kernels()), images, {.threads = threads});
}

// What to give if the heads are better read otherwise. A few images say so: wrong guesses cost
// tens of nats at least.
std::string hint_for(const Options& options, const ImportedNetwork& imported,
                     std::span<const std::uint8_t> images) {
  constexpr std::size_t kImages = 200;
  constexpr double kNats = 5;
  images = images.first(std::min(images.size(), kImages * imported.network.pixels));
  const auto cost = [&](Reading reading) {
    try {
      return elbo_of(read_as(reading, imported.network), images, options.threads).neg_elbo;
    } catch (const NotFinite&) {
      return std::numeric_limits<double>::infinity();
    }
  };
  const bool log_sigma = options.log_sigma;
  const double chosen = cost({false, log_sigma});
  const double swapped = cost({true, log_sigma});
  const double other = cost({false, !log_sigma});
  if (std::min(swapped, other) > chosen - kNats) return "";
  return fmt::format("about {:.0f} nats less {}", chosen - std::min(swapped, other),
                     swapped < other ? "with " + map_to_swap(imported)
                     : log_sigma     ? "without --log-sigma"
                                     : "with --log-sigma");
}

// Also takes from the data set what the network does not know of its images.
void measure(const Options& options, Result& result) {
  Network& network = result.imported.network;
  const auto held_out = load_held_out(options.data, network.pixels, 0);
  if (network.columns == 0) network.columns = held_out.images.cols;
  const auto& images = held_out.images.pixels;
  result.hint = hint_for(options, result.imported, images);
  result.elbo = elbo_of(read_as({false, options.log_sigma}, network), images, options.threads);
}

Json to_json(const Result& result) {
  const auto none = std::initializer_list<std::string_view>{};
  Json layers = Json::list(none);
  for (const FoundLayer& layer : result.imported.found) {
    layers.append({{"name", layer.name},
                   {"from", layer.from},
                   {"transposed", layer.transposed},
                   {"half", layer.part == LayerPart::kFirstHalf    ? Json("first")
                            : layer.part == LayerPart::kSecondHalf ? Json("second")
                                                                   : Json(nullptr)}});
  }
  Json json = {{"shape", Json::list(result.imported.network.sizes())},
               {"layers", layers},
               {"passed_over", Json::list(result.passed_over)},
               {"assumed", result.assumed}};
  if (result.elbo) {
    json.add("test", to_json(*result.elbo));
    json.add("hint", result.hint);
  }
  return json;
}

void print(const Options& options, const Result& result) {
  const Network& network = result.imported.network;
  say("{}: {}\n", options.from.string(), joined(network.sizes(), "-"));
  for (const NetworkLayer& known : kNetworkLayers) {
    for (const FoundLayer& layer : result.imported.found) {
      if (layer.name != known.name) continue;
      say("  {:14} {:>4} -> {:<4} {}{}\n", layer.name, network.*known.in, network.*known.out,
          quote_name(layer.from), note_on(layer));
    }
  }
  for (const std::string& name : result.passed_over) say("passed over: {}\n", quote_name(name));
  say("assumed: {}\n", result.assumed);
  if (!result.elbo) {
    say("--data DIR measures it: a wrong guess costs tens or hundreds of nats\n");
    return;
  }
  say("test images, nats each:\n"
      "  negative ELBO  {:9.4f}\n  reconstruction {:9.4f}\n  KL             {:9.4f}\n",
      result.elbo->neg_elbo, result.elbo->reconstruction, result.elbo->kl);
  if (!result.hint.empty()) say("hint: {}\n", result.hint);
}

void run(const Options& options) {
  check_writable(options.out);
  Result result = import_file(options);
  if (!options.data.empty()) measure(options, result);
  save_network(options.out, read_as({false, options.log_sigma}, result.imported.network));
  if (options.json) {
    say("{}\n", to_json(result).text());
  } else {
    print(options, result);
  }
}

}  // namespace

void add_import(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "import", "Give a model that another program trained the names of picovae's",
      "Example:\n"
      "  picovae import torch.safetensors --out model.safetensors --data mnist\n"
      "  picovae quantize model.safetensors --out model.pvae\n"
      "FILE is safetensors of F32, F16, BF16 or F64: seven dense layers, pixels-hidden-hidden-\n"
      "latent and back the same way, under any names. Shapes say which is which, names and their\n"
      "numbers where shapes leave a choice. One layer of two times latent outputs is both heads,\n"
      "mu first. Weights may be [out, in], as PyTorch has them, or [in, out], as Keras has.\n"
      "tools/format/IMPORT.md says how to write such a file.");
  command.path("FILE", options->from, Access::kRead, "", "The model to import");
  command.out(options->out, "FILE", "Model to write, a .safetensors");
  command.text("--map", options->map, complaint_about_map, "NAME=LAYER,...",
               "What layers are, such as fc21=mu,fc22=logvar, if the names do not say");
  command.flag("--log-sigma", options->log_sigma,
               "The head of logvar gives log sigma: its weights are doubled");
  command
      .path("--data", options->data, Access::kRead, "DIR",
            "Data set to measure the model on; the width of its images is kept")
      .stands_for([options] { return dataset_files(options->data); });
  command.threads(options->threads);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
