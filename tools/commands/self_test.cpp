// picovae self-test: golden layers and signatures of an s8 model, on this machine's kernels.
#include <fmt/core.h>

#include <memory>
#include <string>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/model.hpp"
#include "tools/measure/signatures.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model;
  bool every_isa = false;
  bool json = false;
};

struct Row {
  const Kernels* kernels;
  bool ran;
  SelfTest test;
};

std::string layers_text(const SelfTest& test) {
  if (test.layers == Status::kNoGolden) return "none";
  if (test.layers == Status::kOk) return "ok";
  return fmt::format("{} wrong at batch {}", kLayerNames[test.differs], test.batch);
}

std::string signatures_text(const Signatures& signatures) {
  std::string text = fmt::format("digits {:08x}, reconstructions {:08x}", signatures.generated,
                                 signatures.reconstructed);
  if (signatures.classes != 0) text += fmt::format(", classes {:08x}", signatures.classes);
  if (signatures.scores != 0) text += fmt::format(", scores {:08x}", signatures.scores);
  return text;
}

void print_row(const Row& row) {
  if (!row.ran) {
    say("{:11} not run: this machine lacks it\n", row.kernels->name);
    return;
  }
  say("{:11} golden layers {}, {}: {}\n", row.kernels->name, layers_text(row.test),
      signatures_text(row.test.signatures), row.test.ok() ? "as the model says" : "WRONG");
}

Json to_json(const Row& row) {
  if (!row.ran) return {{"isa", row.kernels->name}, {"ran", false}};
  return {{"isa", row.kernels->name},
          {"ran", true},
          {"layers", layers_text(row.test)},
          {"signature", fmt::format("{:08x}", row.test.signatures.generated)},
          {"signature_reconstruct", fmt::format("{:08x}", row.test.signatures.reconstructed)},
          {"signature_classes", fmt::format("{:08x}", row.test.signatures.classes)},
          {"signature_scores", fmt::format("{:08x}", row.test.signatures.scores)},
          {"ok", row.test.ok()}};
}

// The model as this machine's kernels read it.
BlobBytes load_for_hosts(const std::filesystem::path& path) {
  BlobBytes blob = load_blob(path);
  const BlobHeader& header = blob.header();
  if (header.type != Type::kS8) {
    fail("{}: is an {} model; only s8 models test themselves", path.string(),
         type_name(header.type));
  }
  BlobView view;
  open_blob(blob.bytes(), view);
  const QuantizedNetwork network = unpack_s8(view, path.string());
  if (header.layout == Layout::kHost) return blob;
  return pack_s8(network, Layout::kHost, header.parts, signatures_of(view));
}

void run(const Options& options) {
  const BlobBytes blob = load_for_hosts(options.model);
  const Kernels& chosen = chosen_kernels();
  std::vector<Row> rows;
  for (const Kernels* kernels : built_kernels()) {
    if (!options.every_isa && kernels != &chosen) continue;
    const bool ran = machine_runs(kernels->isa);
    rows.push_back({kernels, ran, ran ? self_test(blob, *kernels) : SelfTest{}});
    if (!options.json) print_row(rows.back());
  }
  if (options.json) {
    std::vector<Json> list;
    list.reserve(rows.size());
    for (const Row& row : rows) list.push_back(to_json(row));
    say("{}\n", Json::list(list).text());
  }
  BlobView view;
  open_blob(blob.bytes(), view);
  for (const Row& row : rows) {
    if (row.ran && !row.test.ok()) {
      fail(
          "{}: the {} kernels do not compute what the model says (golden layers: {}; {}; wanted "
          "{})",
          options.model.string(), row.kernels->name, layers_text(row.test),
          signatures_text(row.test.signatures), signatures_text(signatures_of(view)));
    }
  }
}

}  // namespace

void add_self_test(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "self-test",
      "Run a model's golden layers and draw the digits of its signatures: the same, bit for bit?",
      "Example:\n  picovae self-test model.pvae --every-isa");
  command.model(options->model, "A .pvae model of type s8, for any target");
  command.flag("--every-isa", options->every_isa,
               "On all kernels of this build; those that the machine lacks are named");
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
