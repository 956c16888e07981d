// picovae classes: fits the Gaussians of a data set's classes to an existing model.
#include <fmt/core.h>

#include <memory>
#include <string>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/text.hpp"
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

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, out;
  PixelMode pixels = PixelMode::kGray;
  unsigned threads = 1;
  bool json = false;
};

// The same s8 model with these classes.
BlobBytes repack(const Options& options, const BlobBytes& blob, const ClassGaussians& classes,
                 const Kernels& kernels) {
  BlobView view;
  open_blob(blob.bytes(), view);
  QuantizedNetwork network = unpack_s8(view, options.model.string());
  network.classes = class_section(classes);
  const std::uint8_t parts = blob.header().parts;
  const BlobBytes unsigned_blob = pack_s8(network, Layout::kHost, parts, signatures_of(view));
  Signatures signatures = signatures_of(view);
  signatures.classes = compute_signatures(unsigned_blob, kernels).classes;
  return pack_s8(network, Layout::kHost, parts, signatures);
}

void run(const Options& options) {
  check_writable(options.out);
  const std::string name = options.model.string();
  const Kernels& kernels = chosen_kernels();
  const auto bytes = read_model(options.model);
  const BlobBytes blob = parse_blob(bytes, name);
  const BlobHeader& header = blob.header();
  const bool safetensors = !starts_as_blob(bytes);
  if (!safetensors && header.type != Type::kS8) {
    fail("{}: is an {} blob; fit the .safetensors model and quantize it again", name,
         type_name(header.type));
  }
  if ((header.parts & (kEncoderPart | kDecoderPart)) != (kEncoderPart | kDecoderPart)) {
    fail("{}: has only a {}; classes need both halves of a model", name, parts_name(header));
  }
  const auto model = make_model(BlobBytes(blob), name, kernels);
  const auto train = load_split(options.data, Split::kTrain, model->dimensions().pixels);
  const auto labels = require_labels(train, options.data);
  const Codes codes = encode_images(*model, train.images.pixels,
                                    {.pixels = options.pixels, .threads = options.threads});
  const ClassGaussians classes = fit_classes(codes, labels);
  if (safetensors) {
    Network network = parse_network(bytes, name);
    network.classes = classes;
    save_network(options.out, network);
  } else {
    write_file(options.out, repack(options, blob, classes, kernels).bytes());
  }
  const std::size_t size = class_section(classes).size();
  if (options.json) {
    const Json json = {{"labels", Json::list(classes.labels)},
                       {"units", Json::list(classes.units)},
                       {"images", train.images.count},
                       {"bytes", size}};
    say("{}\n", json.text());
    return;
  }
  say("{}: classes {}, fitted to {} images: Gaussians over {} latents, {} bytes in a .pvae\n",
      options.out.string(), joined(classes.labels, " "), train.images.count, classes.units.size(),
      size);
}

}  // namespace

void add_classes(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("classes", "Fit the classes of a data set to a model, for generate --digit",
               "Example:\n  picovae classes model.safetensors --out model.safetensors");
  command.model(options->model, "A .safetensors or s8 .pvae model");
  command.data(options->data);
  command.out(options->out, "FILE", "Model to write, of the same kind; may be MODEL")
      .may_be("MODEL");
  command.pixels(options->pixels);
  command.threads(options->threads);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
