// picovae encode: the posteriors of a data set, as CSV; of an s8 model also as a checksum, which is
// equal on every machine.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/latent.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/names.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/codes.hpp"
#include "tools/measure/model.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, out;
  Split split = Split::kTest;
  bool json = false;
};

// CRC-32C of each image's code as an s8 model's engine gives it: s16 mu, then s16 logvar.
std::uint32_t checksum_of(const Codes& codes) {
  const auto fixed = [](float value, int bits) {
    return static_cast<std::int16_t>(std::lrint(std::ldexp(value, bits)));
  };
  std::vector<std::int16_t> code(2 * codes.latent);
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < codes.count; ++i) {
    for (std::size_t k = 0; k < codes.latent; ++k) {
      code[k] = fixed(codes.mu[i * codes.latent + k], kMuBits);
      code[codes.latent + k] = fixed(codes.logvar[i * codes.latent + k], kLogvarBits);
    }
    crc = crc32c(std::as_bytes(std::span(code)), crc);
  }
  return crc;
}

// A line for each image: label, mu, logvar. Without labels the first field is empty, so that
// columns are the same for every data set.
std::string to_csv(const Codes& codes, std::span<const std::uint8_t> labels) {
  std::string csv = "label";
  for (const char* name : {"mu", "logvar"}) {
    for (std::size_t k = 0; k < codes.latent; ++k) csv += fmt::format(",{}{}", name, k);
  }
  for (std::size_t i = 0; i < codes.count; ++i) {
    csv += labels.empty() ? "\n" : fmt::format("\n{}", labels[i]);
    for (const auto* values : {&codes.mu, &codes.logvar}) {
      for (std::size_t k = 0; k < codes.latent; ++k) {
        csv += fmt::format(",{:.9g}", (*values)[i * codes.latent + k]);
      }
    }
  }
  return csv + "\n";
}

void run(const Options& options) {
  const bool writes = !options.out.empty();
  if (writes) check_writable(options.out);
  const auto model = load_model(options.model, chosen_kernels());
  const auto data = load_split(options.data, options.split, model->dimensions().pixels);
  const Codes codes = encode_images(*model, data.images.pixels, {});
  std::optional<std::string> crc;
  if (model->header().type == Type::kS8) crc = fmt::format("{:08x}", checksum_of(codes));
  if (writes) write_file(options.out, to_csv(codes, data.labels));

  if (options.json) {
    Json json = {{"split", name_of(kSplits, options.split)},
                 {"images", codes.count},
                 {"latents", codes.latent}};
    if (crc) json.add("crc32c", *crc);
    if (writes) json.add("file", options.out.string());
    say("{}\n", json.text());
    return;
  }
  say("{}: {} images{}\n", options.model.string(), codes.count,
      crc ? ", CRC-32C of mu and logvar " + *crc : "");
  if (writes) {
    say("{}: {}, {} mu, {} logvar\n", options.out.string(),
        data.labels.empty() ? "no labels" : "label", codes.latent, codes.latent);
  }
}

}  // namespace

void add_encode(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "encode", "Encode a data set: labels and posteriors as CSV; of s8 models also their checksum",
      "Example:\n  picovae encode model.pvae --out codes.csv");
  command.model(options->model);
  command.data(options->data);
  command.path("--out", options->out, Access::kWrite, "FILE",
               "CSV to write: label, mu, logvar of each image; label is empty if there are none");
  command.choice("--split", options->split, kSplits, "Which half of the data set");
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
