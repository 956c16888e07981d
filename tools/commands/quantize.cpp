// picovae quantize: an f32 model -> the blob that is deployed, and what that costs in nats.
#include <fmt/core.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/class_gaussians.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/fit_classes.hpp"
#include "tools/measure/model.hpp"
#include "tools/measure/signatures.hpp"
#include "tools/quantize/layer_losses.hpp"
#include "tools/quantize/order_units.hpp"
#include "tools/quantize/prune.hpp"
#include "tools/quantize/quantize_network.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

constexpr std::array<Named<int>, 2> kDecoderBits = {{{"8", 8}, {"4", 4}}};
constexpr std::array<Named<int>, 2> kGreatestActivations = {
    {{"170", kMostActivation}, {"127", kMaxActivation}}};
static_assert(kMostActivation == 170 && kMaxActivation == 127);

struct Options {
  std::filesystem::path model, data, out;
  Type type = Type::kS8;
  int decoder_bits = 8;
  int activations = kMostActivation;
  double prune = PruneOptions{}.nats;
  double max_loss = std::numeric_limits<double>::infinity();
  std::size_t validation = 0;
  unsigned threads = 1;
  bool layers = false;
  bool json = false;
};

struct Result {
  BlobBytes blob;
  std::optional<Quantized> quantized;  // s8 only
  double pruned = 0;                   // nats that dead pixels cost
};

Result quantize_model(Network& network, const LabeledImages& train, const Options& options,
                      const Kernels& kernels) {
  if (network.classes.empty()) {  // of another program
    network.classes =
        fit_known_classes(*make_model(network, kernels), train, {.threads = options.threads});
  }
  if (network.columns == 0) network.columns = train.images.cols;  // of another program
  if (options.type != Type::kS8) return {pack_float(network, options.type), std::nullopt, 0};
  if (options.decoder_bits == 4) {
    network = order_units(network, train.images.pixels, {.threads = options.threads}, kernels);
  }
  const Pruned pruned = prune(network, train.images.pixels,
                              {.nats = options.prune, .threads = options.threads}, kernels);
  constexpr std::size_t kSteps = 1000;
  Progress bar("quantizing", kSteps);
  Quantized quantized = quantize_network(
      pruned.network, train.images.pixels,
      {.threads = options.threads,
       .decoder_bits = options.decoder_bits,
       .greatest = static_cast<std::uint8_t>(options.activations),
       .live = pruned.live},
      kernels, [&](double fraction) { bar.update(static_cast<std::size_t>(fraction * kSteps)); });
  quantized.network.columns = network.columns;
  if (!network.classes.empty()) quantized.network.classes = class_section(network.classes);
  constexpr std::uint8_t kParts = kEncoderPart | kDecoderPart;
  const BlobBytes unsigned_blob = pack_s8(quantized.network, Layout::kHost, kParts, {});
  const Signatures signatures = compute_signatures(unsigned_blob, kernels);
  return {pack_s8(quantized.network, Layout::kHost, kParts, signatures), std::move(quantized),
          pruned.nats};
}

// Largest difference of any pixel's probability over reconstructions of these images.
double worst_pixel(Model& a, Model& b, std::span<const std::uint8_t> images) {
  std::vector<std::uint8_t> pixels_a(images.size()), pixels_b(images.size());
  a.reconstruct(images, pixels_a.data());
  b.reconstruct(images, pixels_b.data());
  int worst = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    worst = std::max(worst, std::abs(pixels_a[i] - pixels_b[i]));
  }
  return worst / 255.0;
}

//   images  "test" or "validation"
void print_table(const Elbo& f32, const Elbo& quantized, std::string_view name,
                 std::string_view images) {
  const auto row = [&](std::string_view label, double a, double b) {
    say("  {:15} {:9.4f} {:9.4f} {:+9.4f}\n", label, a, b, b - a);
  };
  say("  {:15} {:>9} {:>9} {:>9}   (nats per {} image)\n", "", "f32", name, "loss", images);
  row("negative ELBO", f32.neg_elbo, quantized.neg_elbo);
  row("reconstruction", f32.reconstruction, quantized.reconstruction);
  row("KL", f32.kl, quantized.kl);
}

void run(const Options& options) {
  if (options.decoder_bits != 8 && options.type != Type::kS8) {
    throw Misuse("--decoder-bits belongs to --type s8");
  }
  if (options.activations != kMostActivation && options.type != Type::kS8) {
    throw Misuse("--activations belongs to --type s8");
  }
  check_writable(options.out);
  const Kernels& kernels = chosen_kernels();
  Network network = load_network(options.model);
  const Dataset data = load_dataset(options.data, network.pixels, options.validation);
  const std::span<const std::uint8_t> images = data.test.images.pixels;
  const std::string_view split = held_out_name(options.validation);
  const EvaluateOptions evaluation{.threads = options.threads};
  const auto reference = make_model(network, kernels);
  const Elbo f32 = evaluate(*reference, images, evaluation);  // first: a model may be worth nothing
  Result result = quantize_model(network, data.train, options, kernels);

  const auto quantized = make_model(BlobBytes(result.blob), options.out.string(), kernels);
  const Elbo after = evaluate(*quantized, images, evaluation);
  const double loss = after.neg_elbo - f32.neg_elbo;
  const double worst = worst_pixel(*reference, *quantized, images);
  std::array<double, kLayerCount> by_layer{};
  if (options.layers && result.quantized) {
    by_layer = elbo_by_layer(network, result.quantized->network, images, evaluation, kernels);
  }
  if (!(loss <= options.max_loss)) {
    fail("{}: {} loses {:.4f} nats, more than --max-loss {}; nothing was written",
         options.model.string(), type_name(options.type), loss, options.max_loss);
  }
  write_file(options.out, result.blob.bytes());

  if (options.json) {
    Json json = {{"type", type_name(options.type)},
                 {"decoder_bits", options.decoder_bits},
                 {"f32", to_json(f32)},
                 {"quantized", to_json(after)},
                 {"loss", loss},
                 {"worst_pixel", worst},
                 {"split", split},
                 {"images", data.test.images.count},
                 {"bytes", result.blob.bytes().size()},
                 {"classes", network.classes.labels.size()}};
    if (result.quantized) {
      std::vector<Json> layers;
      for (std::size_t i = 0; i < kLayerCount; ++i) {
        const LayerReport& layer = result.quantized->layers[i];
        if (layer.name.empty()) continue;  // there is no such layer
        layers.push_back({{"name", layer.name}, {"sqnr_db", layer.sqnr_db}});
        if (options.layers) layers.back().add("loss", by_layer[i] - f32.neg_elbo);
      }
      json.add("layers", Json::list(layers));
      const LiveMasks& live = result.quantized->network.live;
      json.add("dead", {{"inputs", LiveMasks::dead(live.inputs)},
                        {"outputs", LiveMasks::dead(live.outputs)},
                        {"loss", result.pruned}});
      json.add("signature", fmt::format("{:08x}", quantized->header().signature));
    }
    say("{}\n", json.text());
    return;
  }
  say("{}: {}{}, {} bytes\n", options.out.string(), type_name(options.type),
      options.decoder_bits == 4 ? ", decoder of 4 bits" : "", result.blob.bytes().size());
  print_table(f32, after, type_name(options.type), split);
  say("  worst pixel     {:9.4f} of 1, over reconstructions of the {} images\n", worst, split);
  if (network.classes.empty() && data.train.labels.empty()) {
    say("  no classes      as there are no labels: generate draws from the prior alone\n");
  }
  if (!result.quantized) return;
  const LiveMasks& live = result.quantized->network.live;
  say("  dead pixels     {} inputs, {} outputs of {}, which cost {:+.4f} nats per training image\n",
      LiveMasks::dead(live.inputs), LiveMasks::dead(live.outputs), network.pixels, result.pruned);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const LayerReport& layer = result.quantized->layers[i];
    if (layer.name.empty()) continue;
    say("  {:15} SQNR {:5.1f} dB", layer.name, layer.sqnr_db);
    if (options.layers) say("   alone {:+9.4f}", by_layer[i] - f32.neg_elbo);
    say("\n");
  }
  say("  signature       {:08x}, of model {:08x}\n", quantized->header().signature,
      quantized->header().model_id);
}

}  // namespace

void add_quantize(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("quantize", "Turn an f32 model into the blob that is deployed, and measure the loss",
               "Example:\n  picovae quantize model.safetensors --out model.pvae --max-loss 0.1");
  command.model(options->model, "A .safetensors model");
  command.data(options->data);
  command.out(options->out, "FILE.pvae", "Model to write");
  command.choice("--type", options->type, kTypeNames,
                 "s8: integers only; f16, bf16: 16-bit weights and f32 arithmetic; f32: unchanged");
  command.choice("--decoder-bits", options->decoder_bits, kDecoderBits,
                 "Of the decoder's weights; 4 takes about half of the flash and costs 0.6 to 0.7 "
                 "nats. s8 only");
  command.choice("--activations", options->activations, kGreatestActivations,
                 "Greatest integer of hidden activations; 127 costs 0.06 nats more, and earlier "
                 "versions of picovae read the model. s8 only");
  command.real("--prune", options->prune, {0, 1000}, "NATS",
               "Leave out pixels that are hardly ever lit, as long as an image costs at most this "
               "more; 0: none. s8 only");
  command.real("--max-loss", options->max_loss, {}, "NATS", "Fail if more than this is lost")
      .hide_default();
  command.flag("--layers", options->layers,
               "Print what each layer loses when it alone runs on integers");
  command.validation(options->validation);
  command.threads(options->threads);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
