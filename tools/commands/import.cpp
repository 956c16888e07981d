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

#include "tools/base/error.hpp"
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
  std::filesystem::path from, decoder, out, data;
  std::string map;
  Activation activation = Activation::kSoftplus;
  bool log_sigma = false;
  unsigned threads = 1;
  bool json = false;
};

struct Result {
  ImportedNetwork imported;  // before --log-sigma
  std::vector<std::string> passed_over;
  std::vector<std::string> assumed;  // what the file does not say
  bool log_sigma = false;            // what the second head gives
  bool log_sigma_known = false;      // by the file
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

ForeignModel read_foreign(const Options& options) {
  const auto bytes = read_model(options.from);
  if (options.decoder.empty()) return parse_foreign(bytes, options.from.string());
  return parse_foreign(bytes, options.from.string(), read_model(options.decoder),
                       options.decoder.string());
}

// asked: whether options.activation is the user's.
Result import_file(const Options& options, bool asked) {
  LayerMap map;
  parse_layer_map(options.map, map);
  const std::string name = options.from.string();
  ForeignModel model = read_foreign(options);
  Result result;
  result.passed_over = std::move(model.passed_over);
  result.log_sigma_known = model.log_sigma.has_value();
  result.log_sigma = model.log_sigma.value_or(options.log_sigma);
  if (options.log_sigma && !result.log_sigma) {
    fail("{}: says itself that its second head gives log sigma^2; leave out --log-sigma", name);
  }
  const bool activation_known = !model.activation.empty();
  const bool sigmoid_known = model.sigmoid;
  result.imported = import_network(std::move(model), map,
                                   asked ? std::optional(options.activation) : std::nullopt, name);
  const std::string& head = found_as("encoder.logvar", result.imported).from;
  if (!activation_known) {
    result.assumed.push_back(
        fmt::format("hidden layers are {}", name_of(kActivations, options.activation)));
  }
  if (!sigmoid_known) result.assumed.push_back("the decoder gives logits of pixels");
  if (!result.log_sigma_known) {
    result.assumed.push_back(fmt::format("{} gives log sigma{}", quote_name(head),
                                         result.log_sigma ? ""
                                         : says_sigma(head)
                                             ? "^2 (or log sigma, by its name: --log-sigma)"
                                             : "^2"));
  }
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
std::string hint_for(const Options& options, const Result& result,
                     std::span<const std::uint8_t> images) {
  if (result.log_sigma_known) return "";
  const ImportedNetwork& imported = result.imported;
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
  const bool log_sigma = result.log_sigma;
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
  result.hint = hint_for(options, result, images);
  result.elbo = elbo_of(read_as({false, result.log_sigma}, network), images, options.threads);
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
               {"activation", name_of(kActivations, result.imported.network.activation)},
               {"layers", layers},
               {"passed_over", Json::list(result.passed_over)},
               {"assumed", Json::list(result.assumed)}};
  if (result.elbo) {
    json.add("test", to_json(*result.elbo));
    json.add("hint", result.hint);
  }
  return json;
}

void print(const Options& options, const Result& result) {
  const Network& network = result.imported.network;
  say("{}: {}\n", options.from.string(), joined(network.sizes(), "-"));
  for (const NetworkLayer& known : network_layers(network)) {
    for (const FoundLayer& layer : result.imported.found) {
      if (layer.name != known.name) continue;
      say("  {:14} {:>4} -> {:<4} {}{}\n", layer.name, network.*known.in, network.*known.out,
          quote_name(layer.from), note_on(layer));
    }
  }
  for (const std::string& name : result.passed_over) say("passed over: {}\n", quote_name(name));
  if (!result.assumed.empty()) say("assumed: {}\n", joined(result.assumed, "; "));
  if (!result.elbo) {
    if (!result.assumed.empty()) say("--data DIR measures it: a wrong guess costs many nats\n");
    return;
  }
  say("test images, nats each:\n"
      "  negative ELBO  {:9.4f}\n  reconstruction {:9.4f}\n  KL             {:9.4f}\n",
      result.elbo->neg_elbo, result.elbo->reconstruction, result.elbo->kl);
  if (!result.hint.empty()) say("hint: {}\n", result.hint);
}

void run(const Options& options, bool activation_asked) {
  check_writable(options.out);
  Result result = import_file(options, activation_asked);
  if (!options.data.empty()) measure(options, result);
  save_network(options.out, read_as({false, result.log_sigma}, result.imported.network));
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
      "  picovae import encoder.onnx decoder.onnx --out model.safetensors\n"
      "FILE is ONNX, of encoder and decoder or of one each; or safetensors of F32, F16, BF16 or\n"
      "F64: seven dense layers, pixels-hidden-hidden-latent and back the same way, or five with "
      "one\n"
      "hidden layer each way, under any names.\n"
      "Shapes say which is which, names and their numbers where shapes leave a choice. One layer "
      "of\n"
      "two times latent outputs is both heads, mu first. Weights may be [out, in], as PyTorch has\n"
      "them, or [in, out], as Keras has.\n"
      "tools/format/IMPORT.md says how to write such a file.");
  command.path("FILE", options->from, Access::kRead, "", "The model to import");
  command.path("DECODER", options->decoder, Access::kRead, "", "Its decoder, if FILE is an encoder")
      .optional();
  command.out(options->out, "FILE", "Model to write, a .safetensors");
  command.text("--map", options->map, complaint_about_map, "NAME=LAYER,...",
               "What layers are, such as fc21=mu,fc22=logvar, if the names do not say");
  command.choice("--activation", options->activation, kActivations,
                 "Of hidden layers, if FILE does not say");
  command.flag("--log-sigma", options->log_sigma,
               "The head of logvar gives log sigma: its weights are doubled");
  command
      .path("--data", options->data, Access::kRead, "DIR",
            "Data set to measure the model on; the width of its images is kept")
      .stands_for([options] { return dataset_files(options->data); });
  command.threads(options->threads);
  command.json(options->json);
  command.run([options, command] { run(*options, command.given("--activation")); });
}

}  // namespace picovae::tools
