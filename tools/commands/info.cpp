// picovae info: what a model file is, and what a board needs for it.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "picovae/forward.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/shape_text.hpp"
#include "tools/measure/model.hpp"
#include "tools/quantize/quantize_layer.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model;
  bool json = false;
};

// Bytes of RAM that the engine needs, arena and Vae, for one image at a time.
struct Ram {
  std::size_t encoder, decoder, full;
};

struct LayerInfo {
  std::string_view name;
  std::size_t in, out;
  std::vector<Section> sections;
  std::uint8_t pre_shift, post_shift;  // s8 only, as the rest
  int weight_bits;                     // 8 or 4
  Bounds bounds;                       // how large the layer's sums can be, proved from the weights
  Bounds limits;                       // how large they may be
};

struct Info {
  std::string file;
  BlobHeader header;
  bool integer;  // s8
  bool s4;       // with a decoder of 4 bits
  Ram ram;
  std::optional<ClassPriors> classes;
  std::optional<Thresholds> thresholds;
  std::vector<LayerInfo> layers;  // of the parts that the model has
};

template <typename Arithmetic>
Ram ram_of(const Dimensions& dimensions) {
  constexpr std::size_t kVae = sizeof(DynamicVae<Arithmetic>);
  return {kVae + encoder_arena_size<Arithmetic>(dimensions),
          kVae + decoder_arena_size<Arithmetic>(dimensions),
          kVae + arena_size<Arithmetic>(dimensions)};
}

std::vector<LayerInfo> describe_layers(const BlobView& view, const std::string& file) {
  const BlobHeader& header = *view.header;
  QuantizedNetwork network;
  const bool integer = header.type == Type::kS8;
  if (integer) network = unpack_s8(view, file);
  std::vector<LayerInfo> layers;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (view.layers[i].weights == nullptr) continue;
    LayerInfo layer{kLayerNames[i],
                    view.layers[i].in,
                    view.layers[i].out,
                    {},
                    header.shifts[i][0],
                    header.shifts[i][1],
                    view.layers[i].s4 ? 4 : 8,
                    {},
                    {}};
    for (const Section& section : sections(header)) {
      if (section.layer == i) layer.sections.push_back(section);
    }
    if (integer) {
      const auto index = static_cast<Layer>(i);
      layer.bounds = layer_bounds(network.layers[i], index);
      layer.limits = greatest_bounds(index);
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

// Of a checked blob, which outlives the result.
Info describe(const BlobBytes& blob, const std::string& file) {
  BlobView view;
  open_blob(blob.bytes(), view);
  const bool integer = blob.header().type == Type::kS8;
  const Dimensions& dimensions = blob.header().dimensions;
  const Ram ram = integer ? ram_of<Integer>(dimensions) : ram_of<Float>(dimensions);
  Info info{file, blob.header(), integer, has_s4(blob.header()), ram, {}, {}, {}};
  ClassPriors classes;
  if (find_classes(view, classes) == Status::kOk) info.classes = classes;
  Thresholds thresholds;
  if (find_thresholds(view, thresholds) == Status::kOk) info.thresholds = thresholds;
  info.layers = describe_layers(view, file);
  return info;
}

std::size_t bytes_of(const ClassPriors& classes) {
  return class_section_size(classes.header->classes, classes.header->units);
}

// What thresholds are shown for.
constexpr std::uint32_t kShownLevel = 999;

double nats(std::uint32_t score) { return static_cast<double>(score) / (1 << kScoreBits); }

std::string hex(std::uint32_t value) { return fmt::format("{:08x}", value); }

bool are_weights(const Section& section) {
  return section.kind == SectionKind::kWeights || section.kind == SectionKind::kWeights4;
}

Json to_json(const LayerInfo& layer, bool integer) {
  constexpr std::array<std::string_view, 6> kKinds = {"",           "weights", "bias",
                                                      "multiplier", "rescale", "golden"};
  Json json = {{"name", layer.name}, {"in", layer.in}, {"out", layer.out}};
  if (integer) json.add("weight_bits", layer.weight_bits);
  for (const Section& section : layer.sections) {
    const auto kind = static_cast<std::size_t>(section.kind);
    if (kind >= kKinds.size() && !are_weights(section)) continue;
    json.add(
        are_weights(section) ? "weights" : kKinds[kind],
        {{"offset", section.offset}, {"bytes", section.size}, {"crc32c", hex(section.checksum)}});
  }
  if (!integer) return json;
  json.add("pre_shift", layer.pre_shift);
  json.add("post_shift", layer.post_shift);
  json.add("bounds", {{"sum", layer.bounds.sum},
                      {"sum_limit", layer.limits.sum},
                      {"scaled", layer.bounds.scaled},
                      {"scaled_limit", layer.limits.scaled}});
  return json;
}

Json to_json(const ClassPriors& classes, bool integer) {
  Json json = {{"labels", Json::list(classes.labels())},
               {"units", classes.header->units},
               {"bytes", bytes_of(classes)}};
  if (integer) json.add("signature", hex(classes.header->signature));
  return json;
}

Json to_json(const Thresholds& thresholds) {
  const std::size_t levels = thresholds.header->levels;
  const auto values = [&](Figure figure) {
    return Json::list(
        std::span(thresholds.value + static_cast<std::size_t>(figure) * levels, levels));
  };
  return {{"images", thresholds.header->images},
          {"per_mille", Json::list(std::span(thresholds.level, levels))},
          {"excess", values(Figure::kExcess)},
          {"neg_elbo", values(Figure::kNegElbo)},
          {"squares", values(Figure::kSquares)}};
}

Json to_json(const Info& info) {
  const BlobHeader& header = info.header;
  const Dimensions d = header.dimensions;
  Json json = {{"file", info.file},
               {"version", header.version},
               {"type", type_name(header.type)},
               {"layout", layout_name(header.layout)},
               {"shape", Json::list(widths_of(d))},
               {"pixels", d.pixels},
               {"hidden1", d.hidden1},
               {"hidden2", d.hidden2},
               {"latent", d.latent},
               {"activation", name_of(kActivations, hidden_activation(header))},
               {"parts", parts_name(header)},
               {"has_encoder", (header.parts & kEncoderPart) != 0},
               {"has_decoder", (header.parts & kDecoderPart) != 0},
               {"bytes", header.total_size},
               {"alignment", kBlobAlignment},
               {"model_id", hex(header.model_id)},
               {"header_crc32c", hex(header.checksum)}};
  if (info.integer) {
    json.add("decoder_bits", info.s4 ? 4 : 8);
    json.add("greatest_activation", greatest_activation(header));
    json.add("signature", hex(header.signature));
    json.add("signature_reconstruct", hex(header.signature_reconstruct));
    json.add("signature_scores", hex(header.signature_scores));
    json.add("dead_inputs", header.dead_inputs);
    json.add("dead_outputs", header.dead_outputs);
  }
  json.add("classes", info.classes ? to_json(*info.classes, info.integer) : Json(nullptr));
  json.add("thresholds", info.thresholds ? to_json(*info.thresholds) : Json(nullptr));
  json.add("flash", header.total_size);
  json.add("ram",
           {{"encoder", info.ram.encoder}, {"decoder", info.ram.decoder}, {"full", info.ram.full}});
  std::vector<Json> layers;
  for (const LayerInfo& layer : info.layers) layers.push_back(to_json(layer, info.integer));
  json.add("layers", Json::list(layers));
  return json;
}

void print(const Info& info) {
  const BlobHeader& header = info.header;
  say("{}\n", info.file);
  say("  shape      {}, {}\n", shape_text(header.dimensions), parts_name(header));
  say("  hidden     {}\n", name_of(kActivations, hidden_activation(header)));
  say("  weights    {}{}, layout {}, format {}\n", type_name(header.type),
      info.s4 ? ", decoder of 4 bits" : "", layout_name(header.layout), header.version);
  say("  model id   {:08x}\n", header.model_id);
  if (info.integer) {
    say("  units      hidden activations are 0..{}\n", greatest_activation(header));
    say("  signature  {:08x} (first 1,000 digits of seed 1)\n", header.signature);
    if (header.parts & kEncoderPart) {
      say("             {:08x} (reconstructions of the first 100)\n", header.signature_reconstruct);
    }
    if (header.signature_scores != 0) {
      say("             {:08x} (scores of the digits)\n", header.signature_scores);
    }
  }
  if (info.classes) {
    say("  classes    {}: Gaussians over {} latents, {} bytes\n",
        joined(info.classes->labels(), " "), info.classes->header->units, bytes_of(*info.classes));
  }
  if (info.thresholds) {
    std::uint32_t excess = 0, neg_elbo = 0;
    info.thresholds->find(Figure::kExcess, kShownLevel, excess);
    info.thresholds->find(Figure::kNegElbo, kShownLevel, neg_elbo);
    say("  normal     excess up to {:.1f} nats, negative ELBO up to {:.1f}: 999 in 1,000 of {} "
        "images\n",
        nats(excess), nats(neg_elbo), info.thresholds->header->images);
  }
  say("  flash      {} bytes\n", header.total_size);
  say("  RAM        {} bytes to encode, {} to decode, {} for both, without stack\n",
      info.ram.encoder, info.ram.decoder, info.ram.full);
  say("  {:14} {:>5} {:>5} {:>9}  {:8}{}\n", "layer", "in", "out", "weights", "CRC-32C",
      info.integer ? "  largest sum, scaled sum (of their limits)" : "");
  for (const LayerInfo& layer : info.layers) {
    const Section& weights =
        *std::find_if(layer.sections.begin(), layer.sections.end(), are_weights);
    say("  {:14} {:>5} {:>5} {:>9}  {:08x}", layer.name, layer.in, layer.out, weights.size,
        weights.checksum);
    if (info.integer) {
      const auto percent = [](std::int64_t part, std::int64_t whole) {
        return 100 * static_cast<double>(part) / static_cast<double>(whole);
      };
      say("  {:9} ({:2.0f} %), {:10} ({:2.0f} %)", layer.bounds.sum,
          percent(layer.bounds.sum, layer.limits.sum), layer.bounds.scaled,
          percent(layer.bounds.scaled, layer.limits.scaled));
    }
    say("\n");
  }
}

void run(const Options& options) {
  const BlobBytes blob = load_blob(options.model);  // checks everything
  const Info info = describe(blob, options.model.string());
  if (options.json) {
    say("{}\n", to_json(info).text());
  } else {
    print(info);
  }
}

}  // namespace

void add_info(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("info", "Describe a model: shape, type, sizes, checksums, signature, flash and RAM",
               "Example:\n  picovae info model.pvae --json");
  command.model(options->model);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
