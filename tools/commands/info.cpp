// picovae info: what a model file is, and what a board needs for it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "picovae/vae.hpp"
#include "tools/base/built_shape.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/format/names.hpp"
#include "tools/format/unpack.hpp"
#include "tools/measure/model.hpp"
#include "tools/quantize/bounds.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model;
  bool json = false;
};

using nlohmann::ordered_json;

// Bytes of RAM that the engine needs, arena and Vae, one image at a time.
template <typename A>
ordered_json ram_of() {
  constexpr std::size_t kVae = sizeof(Vae<BuiltShape, A>);
  return {{"encoder", kVae + sizeof(EncoderArena<BuiltShape, A>)},
          {"decoder", kVae + sizeof(DecoderArena<BuiltShape, A>)},
          {"full", kVae + sizeof(Arena<BuiltShape, A>)}};
}

// How near a layer's sums come to the end of their range, proved from the weights.
ordered_json describe_bounds(const QuantizedLayer& layer, Layer index) {
  const Bounds bounds = layer_bounds(layer, index);
  const Bounds greatest = greatest_bounds(index);
  return {{"sum", bounds.sum},
          {"sum_limit", greatest.sum},
          {"scaled", bounds.scaled},
          {"scaled_limit", greatest.scaled}};
}

ordered_json describe_layers(const BlobBytes& blob, const std::string& name) {
  const BlobHeader& header = blob.header();
  QuantizedNetwork network;
  if (header.type == Type::kS8) {
    BlobView view;
    open_blob(blob.bytes(), header.dimensions, view);
    network = unpack_s8(view, name);
  }
  const std::array<std::string_view, 6> kinds = {"",           "weights", "bias",
                                                 "multiplier", "rescale", "golden"};
  ordered_json layers = ordered_json::array();
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const auto [in, out] = layer_sizes(header.dimensions)[i];
    ordered_json layer = {{"name", kLayerNames[i]}, {"in", in}, {"out", out}};
    bool present = false;
    for (const Section& section : sections(header)) {
      if (section.layer != i || static_cast<std::size_t>(section.kind) >= kinds.size()) continue;
      layer[kinds[static_cast<std::size_t>(section.kind)]] = {
          {"offset", section.offset},
          {"bytes", section.size},
          {"crc32c", fmt::format("{:08x}", section.checksum)}};
      present = true;
    }
    if (header.type == Type::kS8) {
      layer["pre_shift"] = header.shifts[i][0];
      layer["post_shift"] = header.shifts[i][1];
      if (present) layer["bounds"] = describe_bounds(network.layers[i], static_cast<Layer>(i));
    }
    if (present) layers.push_back(std::move(layer));
  }
  return layers;
}

// Null where the model knows no classes.
ordered_json describe_classes(const BlobBytes& blob) {
  BlobView view;
  open_blob(blob.bytes(), blob.header().dimensions, view);
  ClassPriors priors;
  if (find_classes(view, priors) != Status::kOk) return nullptr;
  const ClassHeader& header = *priors.header;
  ordered_json classes = {{"labels", priors.labels()},
                          {"units", header.units},
                          {"bytes", class_section_size(header.classes, header.units)}};
  if (blob.header().type == Type::kS8) {
    classes["signature"] = fmt::format("{:08x}", header.signature);
  }
  return classes;
}

void run(const Options& options) {
  const BlobBytes blob = load_blob(options.model);  // checks everything
  const auto& header = blob.header();
  const Dimensions d = header.dimensions;
  const bool integer = header.type == Type::kS8;
  const ordered_json ram = integer ? ram_of<Integer>() : ram_of<Float>();
  if (options.json) {
    ordered_json result = {
        {"file", options.model.string()},
        {"version", header.version},
        {"type", type_name(header.type)},
        {"layout", layout_name(header.layout)},
        {"shape", {d.pixels, d.hidden1, d.hidden2, d.latent}},
        {"parts", parts_name(header)},
        {"bytes", header.total_size},
        {"model_id", fmt::format("{:08x}", header.model_id)},
        {"header_crc32c", fmt::format("{:08x}", header.checksum)},
    };
    if (integer) {
      result["signature"] = fmt::format("{:08x}", header.signature);
      result["signature_reconstruct"] = fmt::format("{:08x}", header.signature_reconstruct);
    }
    result["classes"] = describe_classes(blob);
    result["flash"] = header.total_size;
    result["ram"] = ram;
    result["layers"] = describe_layers(blob, options.model.string());
    fmt::print("{}\n", result.dump(2));
    return;
  }
  fmt::print("{}\n", options.model.string());
  fmt::print("  shape      {}-{}-{}-{}, {}\n", d.pixels, d.hidden1, d.hidden2, d.latent,
             parts_name(header));
  fmt::print("  weights    {}, layout {}, format {}\n", type_name(header.type),
             layout_name(header.layout), header.version);
  fmt::print("  model id   {:08x}\n", header.model_id);
  if (integer) {
    fmt::print("  signature  {:08x} (first 1,000 digits of seed 1)\n", header.signature);
    if (header.parts & kEncoderPart) {
      fmt::print("             {:08x} (reconstructions of the first 100)\n",
                 header.signature_reconstruct);
    }
  }
  if (const ordered_json classes = describe_classes(blob); !classes.is_null()) {
    fmt::print("  classes    {}: Gaussians over {} latents, {} bytes\n",
               fmt::join(classes["labels"].get<std::vector<int>>(), " "),
               classes["units"].get<int>(), classes["bytes"].get<int>());
  }
  fmt::print("  flash      {} bytes\n", header.total_size);
  fmt::print("  RAM        {} bytes to encode, {} to decode, {} for both, without stack\n",
             ram["encoder"].get<int>(), ram["decoder"].get<int>(), ram["full"].get<int>());
  // Sums are proved from the weights to stay within these shares of their limits.
  fmt::print("  {:14} {:>5} {:>5} {:>9}  {:8}{}\n", "layer", "in", "out", "weights", "CRC-32C",
             integer ? "  largest sum, scaled sum (of their limits)" : "");
  for (const auto& layer : describe_layers(blob, options.model.string())) {
    fmt::print("  {:14} {:>5} {:>5} {:>9}  {}", layer["name"].get<std::string>(),
               layer["in"].get<int>(), layer["out"].get<int>(),
               layer["weights"]["bytes"].get<int>(), layer["weights"]["crc32c"].get<std::string>());
    if (integer) {
      const auto& bounds = layer["bounds"];
      const auto share = [&](const char* of, const char* limit) {
        return 100 * bounds[of].get<double>() / bounds[limit].get<double>();
      };
      fmt::print("  {:9} ({:2.0f} %), {:10} ({:2.0f} %)", bounds["sum"].get<std::int64_t>(),
                 share("sum", "sum_limit"), bounds["scaled"].get<std::int64_t>(),
                 share("scaled", "scaled_limit"));
    }
    fmt::print("\n");
  }
}

}  // namespace

void add_info(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(
      app, "info", "Describe a model: shape, type, sizes, checksums, signature, flash and RAM");
  command.path("model", options->model, "A .safetensors or .pvae model")
      .required()
      .type_name("MODEL");
  add_json_option(command, options->json);
  command.footer("Example:\n  picovae info model.pvae --json");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
